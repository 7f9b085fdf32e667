import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import { useMetrics } from "./queries";

type Props = { overview: Overview; className?: string };
type Point = Overview["series"][number];

const KEPT = 6;
/** Without the empty time before the first order, unless little would be left. */
function lived(overview: Overview): Overview {
  const first = overview.series.findIndex((point) => point.metrics.orders);
  return first > 0
    ? { ...overview, series: overview.series.slice(Math.min(first, overview.series.length - KEPT)) }
    : overview;
}

const day = (overview: Overview) => (point: Point) =>
  overview.grain === "month" ? point.period_on.slice(0, 7) : point.period_on.slice(5);

/** What is left open on the right: the last period is not over, so it is drawn hollow and said so. */
const partial = (overview: Overview) => overview.series.at(-1)?.partial ?? false;

export function RevenuePanel({ overview: whole, className }: Props) {
  const overview = useMemo(() => lived(whole), [whole]);
  const { t } = useTranslation();
  const f = useFormat();
  const metrics = useMetrics();
  const shown = overview.series[0]?.metrics.net_revenue_fen === undefined ? "revenue_fen" : "net_revenue_fen";
  const option = useMemo<ChartOption>(
    () => ({
      grid: { right: 4 },
      xAxis: { type: "category", data: overview.series.map(day(overview)), boundaryGap: true },
      yAxis: [
        { type: "value", axisLabel: { formatter: (value: number) => f.moneyShort(value) } },
        { type: "value", splitLine: { show: false }, axisLabel: { formatter: (value: number) => f.short(value) } },
      ],
      tooltip: { valueFormatter: undefined },
      series: [
        {
          type: "line",
          name: metrics.name(shown),
          data: overview.series.map((p) => p.metrics[shown] ?? null),
          showSymbol: false,
          lineStyle: { width: 2.2 },
          areaStyle: { opacity: 0.09 },
          tooltip: { valueFormatter: (value) => f.money(value as number) },
        },
        {
          type: "bar",
          name: metrics.name("orders"),
          yAxisIndex: 1,
          barMaxWidth: 10,
          data: overview.series.map((p) => ({
            value: p.metrics.orders ?? 0,
            itemStyle: { opacity: p.partial ? 0.3 : 0.55, borderRadius: [2, 2, 0, 0] },
          })),
          tooltip: { valueFormatter: (value) => f.count(value as number) },
        },
      ],
    }),
    [overview, f, metrics.name, shown],
  );
  return (
    <ChartPanel
      className={className}
      title={t("measurement.revenue_orders")}
      hint={metrics.definition(shown)}
      note={partial(overview) ? t("measurement.partial") : undefined}
      chart={<Chart option={option} height={286} label={t("measurement.revenue_orders")} />}
      table={<SeriesTable overview={overview} keys={[shown, "orders", "average_order_fen"]} />}
    />
  );
}

export function NewReturningPanel({ overview: whole, className }: Props) {
  const overview = useMemo(() => lived(whole), [whole]);
  const { t } = useTranslation();
  const f = useFormat();
  const metrics = useMetrics();
  const option = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: overview.series.map(day(overview)) },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.short(value) } },
      tooltip: { valueFormatter: (value) => f.count(value as number) },
      series: ["returning_buyers", "new_buyers"].map((key) => ({
        type: "bar" as const,
        name: metrics.name(key),
        stack: "buyers",
        barMaxWidth: 16,
        data: overview.series.map((p) => p.metrics[key] ?? 0),
      })),
    }),
    [overview, f, metrics.name],
  );
  return (
    <ChartPanel
      className={className}
      title={t("measurement.new_returning")}
      hint={`${metrics.definition("new_buyers")} ${metrics.definition("returning_buyers")}`}
      chart={<Chart option={option} height={236} label={t("measurement.new_returning")} />}
      table={<SeriesTable overview={overview} keys={["buyers", "new_buyers", "returning_buyers", "repeat_rate"]} />}
    />
  );
}

function SeriesTable({ overview, keys }: { overview: Overview; keys: string[] }) {
  const { t } = useTranslation();
  const metrics = useMetrics();
  return (
    <DataTable
      caption={t("measurement.series")}
      rows={overview.series.toReversed()}
      rowKey={(point) => point.period_on}
      columns={[
        {
          key: "on",
          title: t("measurement.period"),
          render: (point) => point.period_on + (point.partial ? ` · ${t("measurement.unfinished")}` : ""),
        },
        ...keys.map((key) => ({
          key,
          title: metrics.name(key),
          align: "right" as const,
          render: (point: Point) => metrics.full(key, point.metrics[key]),
        })),
      ]}
    />
  );
}
