import { useTranslation } from "react-i18next";
import type { ValueReport } from "@/api/types";
import { DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

/** For those who want to check the arithmetic: the model and its parameters. */
export function ModelPanel({ report }: { report: ValueReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const rows = Object.entries(report.parameters).map(([name, parameter]) => ({ name, ...parameter }));
  const money = report.monetary;
  return (
    <Panel title={t("segments.model")} hint={t("segments.model_hint")}>
      <details>
        <summary>
          {t("segments.model_open", { model: report.model && t(`segments.model_${report.model}`, report.model) })}
        </summary>
        <DataTable
          caption={t("segments.model")}
          rows={rows}
          rowKey={(row) => row.name}
          columns={[
            { key: "name", title: t("segments.parameter"), render: (row) => <code>{row.name}</code> },
            { key: "value", title: t("segments.estimate"), align: "right", render: (row) => f.count(row.value, 4) },
            {
              key: "range",
              title: t("segments.range"),
              align: "right",
              render: (row) =>
                row.low == null || row.high == null ? "–" : `${f.count(row.low, 4)} – ${f.count(row.high, 4)}`,
            },
          ]}
        />
        {report.log_likelihood != null && (
          <p className="small muted">
            {t("segments.log_likelihood")} {f.count(report.log_likelihood, 2)}
          </p>
        )}
        {money && (
          <p className="small muted">
            {t("segments.monetary", {
              p: f.count(money.p, 3),
              q: f.count(money.q, 3),
              gamma: f.count(money.gamma, 3),
              n: f.count(money.customer_count),
              correlation: f.count(money.correlation, 3),
            })}
          </p>
        )}
      </details>
    </Panel>
  );
}
