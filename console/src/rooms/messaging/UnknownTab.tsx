import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { DispatchTable } from "./DispatchTable";
import { type Dispatch, useDecide, useDispatches } from "./queries";

/** Calls that were made and never answered. The carrier is asked first; what it cannot tell a person decides, knowing both risks. */
export function UnknownTab() {
  const { t } = useTranslation();
  const may = useMay();
  const { query, rows } = useDispatches({ status: "unknown" });
  const act = {
    key: "act",
    title: <span className="visually-hidden">{t("messaging.decide")}</span>,
    render: (row: Dispatch) => <Choices dispatch={row} />,
  };
  return (
    <Panel title={t("messaging.tab_unknown")} flush>
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("messaging.no_unknown")} hint={t("messaging.no_unknown_hint")} />
          ) : (
            <>
              <p className="notice unknown-note">{t("messaging.unknown_hint")}</p>
              <DispatchTable
                caption={t("messaging.tab_unknown")}
                rows={rows}
                withSend
                act={may("messaging.write") ? act : undefined}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Choices({ dispatch }: { dispatch: Dispatch }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const decide = useDecide();
  const n = f.count(dispatch.counts.unknown ?? dispatch.people_count);
  const ask = (verdict: "sent" | "again") => {
    const stem = verdict === "sent" ? "count_as_sent" : "send_again";
    modal.confirm({
      title: t(`messaging.${stem}_title`, { n }),
      content: t(`messaging.${stem}_hint`),
      okText: t(`messaging.${stem}`),
      okButtonProps: { danger: verdict === "again" },
      cancelText: t("ui.cancel"),
      onOk: () =>
        decide
          .mutateAsync({ id: dispatch.id, verdict })
          .then(() => void message.success(t(`messaging.decided_${verdict}`)), fail),
    });
  };
  return (
    <span className="row">
      <Button size="small" onClick={() => ask("sent")}>
        {t("messaging.count_as_sent")}
      </Button>
      <Button size="small" danger onClick={() => ask("again")}>
        {t("messaging.send_again")}
      </Button>
    </span>
  );
}
