import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip, StatusChip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ImportWizard } from "./ImportWizard";
import { useImports, useMappings } from "./queries";
import { SourceNav } from "./SourceNav";

export function ImportsPage() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Page title={t("shell.page_imports")} sub={t("orders.sub")}>
      <SourceNav />
      <div className="stack">
        {may("imports.write") && <ImportWizard />}
        <History />
      </div>
    </Page>
  );
}

function History() {
  const { t } = useTranslation();
  const f = useFormat();
  const [source, setSource] = useState<string | null>(null);
  const sources = useMappings(true).data?.items ?? [];
  const { query, rows } = useImports(source);
  const choose = sources.length > 1 && (
    <Select
      allowClear
      aria-label={t("orders.source")}
      placeholder={t("orders.every_source")}
      value={source ?? undefined}
      onChange={(one?: string) => setSource(one ?? null)}
      options={sources.map((one) => ({ value: one.source, label: t(`orders.source_${one.source}`, one.source) }))}
      style={{ minWidth: 140 }}
    />
  );
  return (
    <Panel title={t("orders.history")} extra={choose} flush>
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("orders.history_none")} />
          ) : (
            <DataTable
              caption={t("orders.history")}
              cards
              rows={rows}
              rowKey={(row) => row.id}
              columns={[
                {
                  key: "file",
                  title: t("orders.file"),
                  wrap: true,
                  render: (row) => <Link to={`/imports/${row.id}`}>{row.file_name}</Link>,
                },
                {
                  key: "kind",
                  title: t("orders.run"),
                  render: (row) => (
                    <Chip tone={row.dry_run ? "plain" : "pine"}>{t(row.dry_run ? "orders.dry" : "orders.real")}</Chip>
                  ),
                },
                {
                  key: "source",
                  title: t("orders.source"),
                  render: (row) => t(`orders.source_${row.source}`, row.source),
                },
                { key: "status", title: t("orders.status"), render: (row) => <StatusChip status={row.status} /> },
                { key: "rows", title: t("orders.rows"), align: "right", render: (row) => f.count(row.row_count) },
                {
                  key: "rejected",
                  title: t("orders.rejected"),
                  align: "right",
                  render: (row) => (
                    <span className={row.rejected_count ? "loss" : ""}>{f.count(row.rejected_count)}</span>
                  ),
                },
                {
                  key: "new",
                  title: t("orders.new_orders"),
                  align: "right",
                  render: (row) => f.count(row.new_order_count),
                },
                {
                  key: "at",
                  title: t("orders.at"),
                  render: (row) => <span className="muted">{f.time(row.created_at)}</span>,
                },
                { key: "by", title: t("orders.by"), render: (row) => <By who={row.created_by} /> },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}
