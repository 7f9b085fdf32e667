import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { DrawHoldout } from "./DrawHoldout";
import { HoldoutPanel } from "./HoldoutPanel";
import { type Holdout, useEndHoldout, useHoldouts } from "./holdoutQueries";

/** Who is told nothing so that the whole can be measured: the group of today, what it shows, and those before it. */
export function HoldoutTab() {
  const query = useHoldouts();
  return (
    <QueryView query={query} lines={8}>
      {(found) => <Groups all={found.items} />}
    </QueryView>
  );
}

function Groups({ all }: { all: Holdout[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const [drawing, setDrawing] = useState(false);
  const active = all.find((one) => one.is_active);
  const shown = all.find((one) => String(one.id) === params.get("holdout")) ?? active ?? all[0];
  const draw = may("messaging.write") && (
    <Button type={active ? "default" : "primary"} onClick={() => setDrawing(true)}>
      {t(active ? "messaging.hold_renew" : "messaging.hold_draw")}
    </Button>
  );
  return (
    <div className="stack">
      {!active && (
        <Panel title={t("messaging.tab_holdout")}>
          <Empty title={t("messaging.hold_none")} hint={t("messaging.hold_none_hint")} action={draw} />
        </Panel>
      )}
      {shown && (
        <HoldoutPanel
          key={shown.id}
          holdout={shown}
          acts={
            shown.is_active && (
              <>
                {draw}
                {may("messaging.write") && <EndButton holdout={shown} />}
              </>
            )
          }
        />
      )}
      {all.length > 0 && (
        <Panel title={t("messaging.hold_history")} hint={t("messaging.hold_history_hint")} flush>
          <History all={all} shown={shown?.id} onShow={(id) => change({ holdout: String(id) })} />
        </Panel>
      )}
      {drawing && (
        <DrawHoldout
          before={active}
          close={() => setDrawing(false)}
          done={() => {
            setDrawing(false);
            change({ holdout: null });
          }}
        />
      )}
    </div>
  );
}

function EndButton({ holdout }: { holdout: Holdout }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const end = useEndHoldout();
  const ask = () =>
    modal.confirm({
      title: t("messaging.hold_end_title"),
      content: t("messaging.hold_end_hint", { n: f.count(holdout.control_count) }),
      okText: t("messaging.hold_end"),
      okButtonProps: { danger: true },
      cancelText: t("ui.cancel"),
      onOk: () => end.mutateAsync().then(() => void message.success(t("messaging.hold_ended")), fail),
    });
  return (
    <Button danger onClick={ask} loading={end.isPending}>
      {t("messaging.hold_end")}
    </Button>
  );
}

type HistoryProps = { all: Holdout[]; shown?: number; onShow: (id: number) => void };

function History({ all, shown, onShow }: HistoryProps) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("messaging.hold_history")}
      cards
      rows={all}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "span",
          title: t("messaging.hold_span"),
          render: (row) => (
            <>
              <button
                type="button"
                className="plain link"
                aria-current={row.id === shown}
                onClick={() => onShow(row.id)}
              >
                {t("messaging.hold_from_to", { from: row.from_on, to: row.to_on ?? t("messaging.hold_open_end") })}
              </button>{" "}
              {row.is_active && <Chip tone="pine">{t("messaging.in_force")}</Chip>}
            </>
          ),
        },
        { key: "rate", title: t("messaging.hold_rate"), align: "right", render: (row) => f.rate(row.rate) },
        {
          key: "control",
          title: t("messaging.hold_control"),
          align: "right",
          render: (row) => f.count(row.control_count),
        },
        {
          key: "compared",
          title: t("messaging.hold_compared"),
          align: "right",
          render: (row) => f.count(row.compared_count),
        },
        { key: "at", title: t("messaging.hold_drawn"), render: (row) => f.time(row.created_at) },
        { key: "by", title: t("messaging.by"), render: (row) => <By who={row.created_by} /> },
      ]}
    />
  );
}
