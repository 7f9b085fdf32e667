import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PALETTE, useTheme } from "@/shell/theme";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import { BUCKETS, type Bucket, type Waste, type WasteSource } from "./shapes";
import { bucketColours, useSourceName } from "./words";

const MOST = 12;
type Props = { waste: Waste; open: (bucket: Bucket, sourceId: number) => void };

/** The same split for each source, the biggest spend first; a tap opens the people behind that part. */
export function SourceSplits({ waste, open }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const theme = useTheme();
  const name = useSourceName();
  const all = useMemo(() => topOf(waste.by_source), [waste]);
  const shown = useMemo(() => all.slice(0, MOST), [all]);
  const option = useMemo<ChartOption>(() => {
    const colours = bucketColours(PALETTE[theme]);
    const of = (source: WasteSource, bucket: Bucket) =>
      source.buckets.find((one) => one.bucket === bucket)?.amount_fen ?? 0;
    return {
      grid: { top: 46, left: 4, right: 16 },
      legend: { type: "scroll" },
      xAxis: { type: "value", max: 100, axisLabel: { formatter: (value: number) => t("returns.yuan", { n: value }) } },
      yAxis: {
        type: "category",
        inverse: true,
        data: shown.map((one) => name(one)),
        axisLabel: { width: 96, overflow: "truncate" },
      },
      tooltip: { axisPointer: { type: "shadow" }, valueFormatter: (value) => t("returns.of_hundred_n", { n: value }) },
      series: BUCKETS.map((bucket) => ({
        type: "bar" as const,
        name: t(`returns.b_${bucket}`),
        stack: "yuan",
        barMaxWidth: 22,
        itemStyle: { color: colours[bucket] },
        data: shown.map((one) => (one.total_fen > 0 ? Math.round((of(one, bucket) * 1000) / one.total_fen) / 10 : 0)),
      })),
    };
  }, [shown, theme, name, t]);
  return (
    <ChartPanel
      title={t("returns.by_source")}
      hint={t("returns.by_source_hint")}
      note={all.length > MOST ? t("returns.more_in_table", { n: MOST, all: all.length }) : undefined}
      chart={
        <Chart
          option={option}
          height={76 + shown.length * 34}
          label={t("returns.by_source")}
          onClick={(event) => {
            const bucket = BUCKETS.find((one) => t(`returns.b_${one}`) === event.seriesName);
            const source = shown[event.dataIndex];
            if (bucket && source) open(bucket, source.source_id);
          }}
        />
      }
      table={
        <DataTable
          caption={t("returns.by_source")}
          cards
          rows={all}
          rowKey={(one) => one.source_id}
          columns={[
            { key: "name", title: t("returns.source"), render: (one) => name(one) },
            { key: "total", title: t("returns.spend"), align: "right", render: (one) => f.money(one.total_fen) },
            ...BUCKETS.map((bucket) => ({
              key: bucket,
              title: t(`returns.b_${bucket}`),
              align: "right" as const,
              render: (one: WasteSource) => {
                const part = one.buckets.find((each) => each.bucket === bucket);
                if (bucket === "anyway" && !one.anyway_known)
                  return <span className="muted">{t("returns.not_known")}</span>;
                if (!part?.amount_fen) return f.money(0);
                return (
                  <button type="button" className="plain in-link num" onClick={() => open(bucket, one.source_id)}>
                    {f.money(part.amount_fen)}
                  </button>
                );
              },
            })),
          ]}
        />
      }
    />
  );
}

/** Those of the uppermost level that is answered for: parts of a source stand within it, and would count twice beside it. */
function topOf(sources: WasteSource[]): WasteSource[] {
  const ids = new Set(sources.map((one) => one.source_id));
  return sources
    .filter((one) => one.total_fen > 0 && (one.parent_id == null || !ids.has(one.parent_id)))
    .toSorted((a, b) => b.total_fen - a.total_fen || a.source_id - b.source_id);
}
