import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import type { SourceWeek } from "./shapes";

/** Week by week: what was spent, what margin the people of that week have brought up to now, and how many were added. */
export function Trend({ weeks, className }: { weeks: SourceWeek[]; className?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(() => {
    const money = { valueFormatter: (value: unknown) => f.money(value as number) };
    return {
      xAxis: { type: "category", data: weeks.map((one) => one.week_on.slice(5)) },
      yAxis: [
        { type: "value", axisLabel: { formatter: (value: number) => f.moneyShort(value) } },
        { type: "value", splitLine: { show: false }, axisLabel: { formatter: (value: number) => f.short(value) } },
      ],
      series: [
        {
          type: "bar",
          name: t("returns.spend"),
          barMaxWidth: 14,
          data: weeks.map((one) => one.spend_fen),
          tooltip: money,
          itemStyle: { opacity: 0.85 },
        },
        {
          type: "bar",
          name: t("returns.margin"),
          barMaxWidth: 14,
          data: weeks.map((one) => one.margin_fen),
          tooltip: money,
        },
        {
          type: "line",
          name: t("returns.added"),
          yAxisIndex: 1,
          showSymbol: weeks.length < 3,
          data: weeks.map((one) => one.added),
          tooltip: { valueFormatter: (value) => f.count(value as number) },
        },
      ],
    };
  }, [weeks, f, t]);
  return (
    <ChartPanel
      className={className}
      title={t("returns.trend")}
      hint={t("returns.trend_hint")}
      chart={<Chart option={option} height={270} label={t("returns.trend")} />}
      table={
        <DataTable
          caption={t("returns.trend")}
          rows={weeks.toReversed()}
          rowKey={(one) => one.week_on}
          columns={[
            { key: "week", title: t("returns.week"), render: (one) => one.week_on },
            { key: "spend", title: t("returns.spend"), align: "right", render: (one) => f.money(one.spend_fen) },
            { key: "added", title: t("returns.added"), align: "right", render: (one) => f.count(one.added) },
            {
              key: "orders",
              title: t("returns.first_orders"),
              align: "right",
              render: (one) => f.count(one.first_orders),
            },
            { key: "margin", title: t("returns.margin"), align: "right", render: (one) => f.money(one.margin_fen) },
          ]}
        />
      }
    />
  );
}
