import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { DispatchTable } from "./DispatchTable";
import { type DispatchStatus, type Send, useDispatches } from "./queries";
import { DISPATCH_TONE } from "./words";

export function DispatchesPanel({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [status, setStatus] = useState<DispatchStatus | undefined>();
  const { query, rows } = useDispatches({ send_id: send.id, status });
  const filter = (
    <Select
      allowClear
      aria-label={t("messaging.status")}
      placeholder={t("messaging.status")}
      value={status}
      onChange={setStatus}
      options={(Object.keys(DISPATCH_TONE) as DispatchStatus[]).map((value) => ({
        value,
        label: `${t(`messaging.dispatch_${value}`)} ${f.count(send.dispatches[value] ?? 0)}`,
      }))}
      style={{ minWidth: 130 }}
    />
  );
  return (
    <Panel title={t("messaging.dispatches")} hint={t("messaging.dispatches_hint")} extra={filter} flush>
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("messaging.no_dispatches")} hint={t("messaging.no_dispatches_hint")} />
          ) : (
            <>
              <DispatchTable caption={t("messaging.dispatches")} rows={rows} />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}
