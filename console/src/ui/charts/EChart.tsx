import {
  BarChart,
  type BarSeriesOption,
  LineChart,
  type LineSeriesOption,
  SankeyChart,
  type SankeySeriesOption,
} from "echarts/charts";
import {
  AriaComponent,
  type AriaComponentOption,
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { FONT, PALETTE, useTheme } from "@/shell/theme";

use([BarChart, LineChart, SankeyChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, SVGRenderer]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | SankeySeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | LegendComponentOption
  | AriaComponentOption
>;

type Props = {
  option: ChartOption;
  height: number;
  label: string;
  onClick?: (event: { name?: string; dataIndex: number; seriesName?: string }) => void;
};

export default function EChart({ option, height, label, onClick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  const click = useRef(onClick);
  click.current = onClick;
  const theme = useTheme();

  useEffect(() => {
    const made = init(box.current as HTMLDivElement, null, { renderer: "svg" });
    chart.current = made;
    made.on("click", (event) => click.current?.(event));
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current as HTMLDivElement);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption(dressed(option, theme), { notMerge: true });
  }, [option, theme]);

  return <div ref={box} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}

const axes = (value: unknown): Record<string, unknown>[] =>
  value == null ? [] : ((Array.isArray(value) ? value : [value]) as Record<string, unknown>[]);

/** House style under whatever the page asks for: hairlines, direct colours, no animation to wait for. */
function dressed(option: ChartOption, theme: "light" | "dark"): ChartOption {
  const p = PALETTE[theme];
  const axis = (given: Record<string, unknown>) => ({
    ...given,
    axisLine: { lineStyle: { color: p.hair } },
    axisTick: { show: false },
    splitLine: { show: given.type === "value", lineStyle: { color: p.hair, type: [3, 3] } },
    axisLabel: { color: p.muted, hideOverlap: true, fontSize: 11.5, ...(given.axisLabel as object) },
    nameTextStyle: { color: p.muted, fontSize: 11.5 },
  });
  return {
    color: [...p.series],
    animation: false,
    textStyle: { fontFamily: FONT, color: p.ink },
    ...option,
    grid: { left: 4, right: 8, top: 34, bottom: 4, containLabel: true, ...(option.grid as object) },
    ...(option.xAxis ? { xAxis: axes(option.xAxis).map(axis) } : {}),
    ...(option.yAxis ? { yAxis: axes(option.yAxis).map(axis) } : {}),
    legend: {
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 12,
      itemHeight: 4,
      itemGap: 16,
      textStyle: { color: p.muted },
      inactiveColor: p.hair,
      ...(option.legend as object),
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: p.raised,
      borderColor: p.hair,
      textStyle: { color: p.ink, fontSize: 12.5 },
      axisPointer: { lineStyle: { color: p.muted }, shadowStyle: { color: `${p.muted}18` } },
      ...(option.tooltip as object),
    },
  } as ChartOption;
}
