import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ValueReport } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { type Format, useFormat } from "@/ui/useFormat";

type Band = ValueReport["histogram"][number];

/** The last bar holds everything above its lower end. */
const bandName = (band: Band, bands: Band[], f: Format): string =>
  band === bands.at(-1)
    ? `≥ ${f.moneyShort(band.from_fen)}`
    : `${f.moneyShort(band.from_fen)}–${f.moneyShort(band.to_fen)}`;

export function ValueCharts({ report }: { report: ValueReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const band = useCallback((b: Band) => bandName(b, report.histogram, f), [report, f]);
  const spread = useMemo<ChartOption>(
    () => ({
      xAxis: {
        type: "category",
        data: report.histogram.map(band),
        axisLabel: { formatter: (name: string) => name.split("–")[0] ?? name },
      },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.short(value) } },
      tooltip: { valueFormatter: (value) => f.count(value as number) },
      legend: { show: false },
      grid: { top: 12 },
      series: [
        {
          type: "bar",
          name: t("ui.customers"),
          data: report.histogram.map((b) => b.count),
          barMaxWidth: 46,
          itemStyle: { borderRadius: [3, 3, 0, 0] },
        },
      ],
    }),
    [report, band, f, t],
  );
  const deciles = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: report.deciles.map((d) => String(d.decile)) },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.moneyShort(value) } },
      tooltip: { valueFormatter: (value) => f.money(value as number) },
      legend: { show: false },
      grid: { top: 12 },
      series: [
        {
          type: "bar",
          name: t("customers.spend"),
          data: report.deciles.map((d) => d.predicted_value_fen),
          barMaxWidth: 30,
          itemStyle: { borderRadius: [3, 3, 0, 0] },
        },
      ],
    }),
    [report, f, t],
  );
  return (
    <div className="grid">
      <ChartPanel
        className="w6"
        title={t("segments.spread")}
        hint={t("segments.spread_hint")}
        chart={<Chart option={spread} label={t("segments.spread")} />}
        table={
          <DataTable
            caption={t("segments.spread")}
            rows={report.histogram}
            rowKey={(b) => b.from_fen}
            columns={[
              { key: "band", title: t("segments.band"), render: band },
              { key: "count", title: t("ui.customers"), align: "right", render: (b) => f.count(b.count) },
              { key: "value", title: t("segments.value_sum"), align: "right", render: (b) => f.money(b.value_fen) },
            ]}
          />
        }
      />
      <ChartPanel
        className="w6"
        title={t("segments.deciles")}
        hint={t("segments.deciles_hint")}
        chart={<Chart option={deciles} label={t("segments.deciles")} />}
        table={
          <DataTable
            caption={t("segments.deciles")}
            rows={report.deciles}
            rowKey={(d) => d.decile}
            columns={[
              { key: "decile", title: t("segments.decile"), render: (d) => d.decile },
              { key: "count", title: t("ui.customers"), align: "right", render: (d) => f.count(d.count) },
              {
                key: "value",
                title: t("segments.value_sum"),
                align: "right",
                render: (d) => f.money(d.predicted_value_fen),
              },
            ]}
          />
        }
      />
    </div>
  );
}
