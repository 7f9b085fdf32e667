import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { BackTest } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

type Row = { key: string; predicted: number; actual: number };

/** The proof: what the model would have said then, against what came. */
export function BackTestPanel({ test }: { test: BackTest }) {
  const { t } = useTranslation();
  const f = useFormat();
  const weekly: Row[] = test.weekly.map((w) => ({ key: String(w.week), ...w }));
  const deciles: Row[] = test.deciles.map((d) => ({ key: String(d.decile), ...d }));
  const facts: [string, string][] = [
    [t("segments.bt_orders"), `${f.count(test.predicted_orders)} / ${f.count(test.actual_orders)}`],
    [t("segments.bt_error"), f.change(test.error_rate)],
    [t("segments.bt_value"), `${f.moneyShort(test.predicted_value_fen)} / ${f.moneyShort(test.actual_value_fen)}`],
    [t("segments.bt_value_error"), f.change(test.value_error_rate)],
    [t("segments.bt_correlation"), f.count(test.correlation, 2)],
    [t("segments.bt_mae"), f.count(test.mae, 2)],
    [t("segments.bt_gini"), `${f.rate(test.gini_rate)} / ${f.rate(test.gini_naive_rate)}`],
  ];
  return (
    <div className="grid">
      <Compare
        rows={weekly}
        kind="line"
        show={(value) => f.count(value, 1)}
        short={f.short}
        title={t("segments.bt_weekly")}
        hint={t("segments.bt_weekly_hint")}
        axis={t("segments.bt_week")}
        className="w4"
      />
      <Compare
        rows={deciles}
        kind="bar"
        show={f.money}
        short={f.moneyShort}
        title={t("segments.bt_deciles")}
        hint={t("segments.bt_deciles_hint")}
        axis={t("segments.decile")}
        className="w4"
      />
      <Panel
        title={t("segments.back_test")}
        hint={t("segments.back_test_hint", { on: test.calibration_end_on, n: test.holdout_days })}
        className="w4"
      >
        <dl className="totals inset">
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="num">{value}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </div>
  );
}

type Props = {
  rows: Row[];
  kind: "line" | "bar";
  show: (value: number) => string;
  short: (value: number) => string;
  title: string;
  hint: string;
  axis: string;
  className: string;
};

function Compare({ rows, kind, show, short, title, hint, axis, className }: Props) {
  const { t } = useTranslation();
  const option = useMemo<ChartOption>(() => {
    const predicted = rows.map((row) => row.predicted);
    const actual = rows.map((row) => row.actual);
    const names = { predicted: t("segments.predicted"), actual: t("segments.actual") };
    return {
      xAxis: { type: "category", data: rows.map((row) => row.key), boundaryGap: kind === "bar" },
      yAxis: { type: "value", axisLabel: { formatter: short } },
      tooltip: { valueFormatter: (value) => show(value as number) },
      series:
        kind === "line"
          ? [
              { type: "line", name: names.actual, data: actual, showSymbol: false, lineStyle: { width: 2.4 } },
              {
                type: "line",
                name: names.predicted,
                data: predicted,
                showSymbol: false,
                lineStyle: { type: "dashed", width: 2 },
              },
            ]
          : [
              { type: "bar", name: names.actual, data: actual, barMaxWidth: 14 },
              { type: "bar", name: names.predicted, data: predicted, barMaxWidth: 14 },
            ],
    };
  }, [rows, kind, show, short, t]);
  return (
    <ChartPanel
      className={className}
      title={title}
      hint={hint}
      chart={<Chart option={option} height={250} label={title} />}
      table={
        <DataTable
          caption={title}
          rows={rows}
          rowKey={(row) => row.key}
          columns={[
            { key: "key", title: axis, render: (row) => row.key },
            {
              key: "predicted",
              title: t("segments.predicted"),
              align: "right",
              render: (row) => show(row.predicted),
            },
            { key: "actual", title: t("segments.actual"), align: "right", render: (row) => show(row.actual) },
          ]}
        />
      }
    />
  );
}
