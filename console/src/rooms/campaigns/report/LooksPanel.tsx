import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CampaignReport } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";

/** The lift as it was on each day it was looked at: its interval only gets narrower, and holds for all looks at once. */
export function LooksPanel({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo(() => {
    const points = (value: number | null) => (value === null ? null : Number((value * 100).toFixed(3)));
    const line = (name: string, values: (number | null)[], dashed: boolean) => ({
      type: "line" as const,
      name,
      data: values,
      symbolSize: 5,
      lineStyle: dashed ? { type: "dashed" as const, width: 1.2 } : { width: 2 },
    });
    return {
      grid: { top: 40 },
      xAxis: { type: "category" as const, data: report.looks.map((look) => f.date(look.at)) },
      yAxis: { type: "value" as const, name: t("campaigns.unit_points") },
      series: [
        line(
          t("campaigns.effect_bought"),
          report.looks.map((look) => points(look.difference)),
          false,
        ),
        line(
          t("campaigns.bound_low"),
          report.looks.map((look) => points(look.low)),
          true,
        ),
        line(
          t("campaigns.bound_high"),
          report.looks.map((look) => points(look.high)),
          true,
        ),
      ],
    };
  }, [report.looks, f, t]);
  return (
    <ChartPanel
      title={t("campaigns.looks")}
      hint={t("campaigns.looks_hint")}
      note={t("campaigns.looks_note")}
      chart={<Chart option={option} height={240} label={t("campaigns.looks")} />}
      table={
        <DataTable
          caption={t("campaigns.looks")}
          rows={report.looks}
          rowKey={(row) => row.at}
          columns={[
            { key: "at", title: t("campaigns.when"), render: (row) => f.date(row.at) },
            { key: "people", title: t("campaigns.people"), align: "right", render: (row) => f.count(row.people) },
            {
              key: "difference",
              title: t("campaigns.effect_bought"),
              align: "right",
              render: (row) => f.count(row.difference * 100, 2),
            },
            {
              key: "interval",
              title: t("campaigns.interval"),
              align: "right",
              render: (row) =>
                row.low === null || row.high === null
                  ? "–"
                  : `${f.count(row.low * 100, 2)} – ${f.count(row.high * 100, 2)}`,
            },
          ]}
        />
      }
    />
  );
}
