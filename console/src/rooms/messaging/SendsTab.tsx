import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type Send, useSends } from "./queries";
import { StatusBar } from "./StatusBar";
import { PURPOSE_TONE, SEND_TONE } from "./words";

export function SendsTab() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const status = params.get("status") ?? undefined;
  const { query, rows } = useSends(status, params.get("ref") ?? "");
  const filter = (
    <Select
      allowClear
      aria-label={t("messaging.status")}
      placeholder={t("messaging.status")}
      value={status}
      onChange={(value) => change({ status: value ?? null }, true)}
      options={Object.keys(SEND_TONE).map((value) => ({ value, label: t(`messaging.send_${value}`) }))}
      style={{ minWidth: 120 }}
    />
  );
  return (
    <Panel title={t("messaging.tab_sends")} hint={t("messaging.sends_hint")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            status ? (
              <Empty title={t("messaging.no_sends_of")} />
            ) : (
              <Empty
                title={t("messaging.no_sends")}
                hint={t("messaging.no_sends_hint")}
                action={<Link to="/campaigns">{t("messaging.to_campaigns")}</Link>}
              />
            )
          ) : (
            <>
              <Rows rows={rows} />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Rows({ rows }: { rows: Send[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("messaging.tab_sends")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("messaging.name"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/sends/${row.id}`}>{row.name}</Link>
              <p className="muted small">{row.ref}</p>
            </>
          ),
        },
        {
          key: "status",
          title: t("messaging.status"),
          render: (row) => (
            <span className="chips">
              <Chip tone={SEND_TONE[row.status]}>{t(`messaging.send_${row.status}`)}</Chip>
              <Chip tone={PURPOSE_TONE[row.purpose]}>{t(`messaging.purpose_${row.purpose}`)}</Chip>
            </span>
          ),
        },
        {
          key: "messages",
          title: t("messaging.progress"),
          render: (row) => <StatusBar messages={row.messages} small />,
        },
        {
          key: "unknown",
          title: t("messaging.message_unknown"),
          align: "right",
          render: (row) => (
            <span className={row.messages.unknown ? "loss" : "muted"}>{f.count(row.messages.unknown)}</span>
          ),
        },
        { key: "due", title: t("messaging.due"), render: (row) => f.time(row.due_at) },
        { key: "by", title: t("messaging.by"), render: (row) => <By who={row.created_by} /> },
      ]}
    />
  );
}
