import { DownloadOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Import } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Figure } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

/** What the file held, row for row: taken, unchanged, rejected and why. The rows must add up. */
export function ImportReport({ report }: { report: Import }) {
  const { t } = useTranslation();
  const f = useFormat();
  const parts = [
    { key: "accepted", n: report.accepted_count, tone: "pine" },
    { key: "unchanged", n: report.unchanged_count, tone: "edge" },
    { key: "rejected", n: report.rejected_count, tone: "cinnabar" },
  ];
  const whole = Math.max(1, report.row_count);
  return (
    <Panel
      title={t(report.dry_run ? "orders.dry_report" : "orders.report")}
      extra={
        report.dry_run ? (
          <Chip tone="indigo">{t("orders.nothing_written")}</Chip>
        ) : (
          <Link to="/customers">{t("orders.see_customers")} →</Link>
        )
      }
    >
      <div className="stack">
        <div className="rows-bar" aria-hidden="true">
          {parts.map((part) => (
            <i key={part.key} className={part.tone} style={{ width: `${(part.n / whole) * 100}%` }} />
          ))}
        </div>
        <p className="row legend num">
          {parts.map((part) => (
            <span key={part.key}>
              <i className={`key ${part.tone}`} aria-hidden="true" /> {t(`orders.${part.key}`)} {f.count(part.n)}
            </span>
          ))}
          <span className="muted">{t("orders.of_rows", { n: f.count(report.row_count) })}</span>
        </p>
        <div className="figures">
          <Figure
            label={t("orders.orders")}
            value={f.count(report.order_count)}
            note={t("orders.new_ones", { n: f.count(report.new_order_count) })}
          />
          <Figure
            label={t("orders.customers")}
            value={f.count(report.customer_count)}
            note={t("orders.new_ones", { n: f.count(report.new_customer_count) })}
          />
          {report.told_count > 0 && (
            <Figure
              label={t("orders.told_count")}
              hint={t("orders.told_count_hint")}
              value={f.count(report.told_count)}
            />
          )}
          <Figure
            label={t("orders.amount")}
            value={f.moneyShort(report.amount_fen)}
            note={f.money(report.amount_fen)}
          />
          <Figure
            label={t("orders.span")}
            value={<span className="span-dates">{f.date(report.first_ordered_at)}</span>}
            note={`– ${f.date(report.last_ordered_at)}`}
          />
          <Figure
            label={t("orders.cancelled_lines")}
            value={f.count(report.cancelled_line_count)}
            hint={t("orders.cancelled_hint")}
          />
          <Figure
            label={t("orders.no_customer_lines")}
            value={f.count(report.no_customer_line_count)}
            hint={t("orders.no_customer_hint")}
          />
        </div>
        {report.reject_reasons.length > 0 ? (
          <div>
            <div className="row spread">
              <h2>{t("orders.reject_reasons")}</h2>
              <a href={`/api/v1/imports/${report.id}/rejects.csv`} download>
                <DownloadOutlined aria-hidden="true" /> {t("orders.rejects_csv", { n: f.count(report.rejected_count) })}
              </a>
            </div>
            <DataTable
              caption={t("orders.reject_reasons")}
              rows={report.reject_reasons}
              rowKey={(row) => row.code}
              columns={[
                { key: "reason", title: t("orders.reason"), wrap: true, render: (row) => f.label(row.reason) },
                { key: "count", title: t("orders.rows"), align: "right", render: (row) => f.count(row.count) },
                {
                  key: "line",
                  title: t("orders.first_line"),
                  align: "right",
                  render: (row) => f.count(row.first_line),
                },
                { key: "code", title: t("orders.code"), render: (row) => <code>{row.code}</code> },
              ]}
            />
          </div>
        ) : (
          <p className="muted">{t("orders.no_rejects")}</p>
        )}
      </div>
    </Panel>
  );
}
