import { Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LifecycleReport, Stage } from "@/api/types";
import { PALETTE, useTheme } from "@/shell/theme";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import { useStageColors } from "./stageColors";

/** Who moved where in one month: bands from the stage before to the stage after. */
export function FlowPanel({ report }: { report: LifecycleReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const colors = useStageColors();
  const { ink } = PALETTE[useTheme()];
  const months = useMemo(() => [...new Set(report.flows.map((flow) => flow.month))].toSorted().toReversed(), [report]);
  const [month, setMonth] = useState(months[0]);
  const flows = useMemo(
    () => report.flows.filter((flow) => flow.month === month && flow.count > 0).toSorted((a, b) => b.count - a.count),
    [report, month],
  );
  const name = useMemo(() => {
    const names = new Map(report.stages.map((stage) => [stage.stage, f.label(stage.name)]));
    return (stage: Stage) => names.get(stage) ?? t(`segments.stage_${stage}`);
  }, [report, f, t]);
  const option = useMemo<ChartOption>(() => {
    const node = (side: string, stage: Stage) => ({ name: `${side}:${stage}`, itemStyle: { color: colors[stage] } });
    const order = report.stages.map((stage) => stage.stage);
    const used = (side: "from" | "to") => order.filter((stage) => flows.some((flow) => flow[side] === stage));
    return {
      tooltip: { trigger: "item", formatter: (item) => flowTip(item, name, f.count) },
      series: [
        {
          type: "sankey",
          left: 8,
          right: 96,
          top: 8,
          bottom: 8,
          nodeGap: 9,
          nodeWidth: 12,
          layoutIterations: 0,
          data: [...used("from").map((s) => node("a", s)), ...used("to").map((s) => node("b", s))],
          links: flows.map((flow) => ({ source: `a:${flow.from}`, target: `b:${flow.to}`, value: flow.count })),
          lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
          label: {
            formatter: (item) => name(String(item.name).slice(2) as Stage),
            fontSize: 12,
            color: ink,
            textBorderWidth: 0,
          },
        },
      ],
    };
  }, [flows, colors, name, report, f, ink]);
  if (months.length === 0) return null;
  return (
    <ChartPanel
      title={t("segments.flow")}
      hint={t("segments.flow_hint")}
      extra={
        <Select
          size="small"
          aria-label={t("ui.month")}
          value={month}
          onChange={setMonth}
          options={months.map((m) => ({ value: m, label: m }))}
          style={{ width: 110 }}
        />
      }
      chart={<Chart option={option} height={340} label={t("segments.flow")} />}
      table={
        <DataTable
          caption={t("segments.flow")}
          rows={flows}
          rowKey={(flow) => `${flow.from}${flow.to}`}
          columns={[
            { key: "from", title: t("segments.flow_from"), render: (flow) => name(flow.from) },
            {
              key: "to",
              title: t("segments.flow_to"),
              render: (flow) => (flow.from === flow.to ? t("segments.flow_stay") : name(flow.to)),
            },
            { key: "count", title: t("ui.customers"), align: "right", render: (flow) => f.count(flow.count) },
          ]}
        />
      }
    />
  );
}

function flowTip(item: unknown, name: (stage: Stage) => string, count: (n: number) => string): string {
  const {
    data,
    name: node,
    value,
  } = item as { data: { source?: string; target?: string }; name: string; value: number };
  if (data.source && data.target)
    return `${name(data.source.slice(2) as Stage)} → ${name(data.target.slice(2) as Stage)}<br/><b>${count(value)}</b>`;
  return `${name(node.slice(2) as Stage)}<br/><b>${count(value)}</b>`;
}
