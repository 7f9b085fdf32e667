import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LifecycleReport } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import { StageChip } from "@/ui/Chip";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { PeopleLink } from "@/ui/PeopleLink";
import { QueryView } from "@/ui/QueryView";
import { ReportPage, useAsOf } from "@/ui/ReportPage";
import { useFormat } from "@/ui/useFormat";
import { FlowPanel } from "./FlowPanel";
import { useLifecycle } from "./queries";
import { useStageColors } from "./stageColors";

export function LifecyclePage() {
  const { t } = useTranslation();
  const f = useFormat();
  const [asOf] = useAsOf();
  const query = useLifecycle(asOf);
  const clock = query.data?.clock;
  // Without a gap between two orders the clock is a stated default, not something this shop was seen to do.
  const gap = clock?.gap_count ? clock.segment_median_gap_days : null;
  const sub = gap == null ? t("segments.lifecycle_sub") : t("segments.lifecycle_sub_gap", { n: f.count(gap, 1) });
  return (
    <ReportPage title={t("shell.page_lifecycle")} sub={sub} asOfOn={query.data?.as_of_on} path="/segments/lifecycle">
      <QueryView query={query} lines={8} height={480}>
        {(report) =>
          report.stages.every((stage) => stage.count === 0) ? (
            <Empty title={t("segments.no_buyers")} hint={t("segments.no_buyers_hint")} />
          ) : (
            <div className="grid">
              <Stages report={report} />
              <Months report={report} />
              <FlowPanel report={report} />
            </div>
          )
        }
      </QueryView>
    </ReportPage>
  );
}

function Stages({ report }: { report: LifecycleReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("segments.stages_now")} className="w5" flush>
      <DataTable
        caption={t("segments.stages_now")}
        rows={report.stages}
        rowKey={(stage) => stage.stage}
        columns={[
          {
            key: "stage",
            title: t("segments.stage"),
            wrap: true,
            render: (stage) => (
              <>
                <StageChip stage={stage.stage} />
                <p className="muted small">{f.label(stage.definition)}</p>
              </>
            ),
          },
          {
            key: "count",
            title: t("ui.customers"),
            align: "right",
            render: (stage) => (
              <>
                <PeopleLink rule={{ kind: "lifecycle", stages: [stage.stage] }}>{f.count(stage.count)}</PeopleLink>
                <Bar value={stage.share_rate} />
              </>
            ),
          },
          { key: "share", title: t("ui.share"), align: "right", render: (stage) => f.rate(stage.share_rate) },
          {
            key: "spend",
            title: t("segments.spend"),
            align: "right",
            render: (stage) => f.moneyShort(stage.spend_fen),
          },
        ]}
      />
    </Panel>
  );
}

function Months({ report }: { report: LifecycleReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const colors = useStageColors();
  const option = useMemo<ChartOption>(
    () => ({
      grid: { top: 56 },
      xAxis: { type: "category", boundaryGap: false, data: report.months.map((m) => m.month) },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.short(value) } },
      tooltip: { valueFormatter: (value) => f.count(value as number), order: "seriesDesc" },
      series: report.stages.map((stage) => ({
        type: "line" as const,
        name: f.label(stage.name),
        stack: "stages",
        showSymbol: false,
        lineStyle: { width: 0.8, color: colors[stage.stage] },
        itemStyle: { color: colors[stage.stage] },
        areaStyle: { opacity: 0.75, color: colors[stage.stage] },
        data: report.months.map((m) => m.stages[stage.stage] ?? 0),
      })),
    }),
    [report, f, colors],
  );
  return (
    <ChartPanel
      className="w7"
      title={t("segments.stages_months")}
      chart={<Chart option={option} height={420} label={t("segments.stages_months")} />}
      table={
        <DataTable
          caption={t("segments.stages_months")}
          rows={report.months.toReversed()}
          rowKey={(m) => m.month}
          columns={[
            { key: "month", title: t("ui.month"), render: (m) => m.month },
            ...report.stages.map((stage) => ({
              key: stage.stage,
              title: f.label(stage.name),
              align: "right" as const,
              render: (m: LifecycleReport["months"][number]) => f.count(m.stages[stage.stage] ?? 0),
            })),
          ]}
        />
      }
    />
  );
}
