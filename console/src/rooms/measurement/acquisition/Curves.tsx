import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PALETTE, useTheme } from "@/shell/theme";
import { Chart } from "@/ui/Chart";
import type { ChartOption } from "@/ui/charts/EChart";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { AdvisedBudget } from "./shapes";
import { useSourceName } from "./words";

/** What a month's spend on each source brings, with its doubt; where we stand and where the advice stands on it. */
export function Curves({ items }: { items: AdvisedBudget[] }) {
  const { t } = useTranslation();
  const drawn = items.filter((one) => one.curve.length > 1);
  if (drawn.length === 0) return null;
  return (
    <Panel title={t("returns.curves")} hint={t("returns.curves_hint")}>
      <div className="curves">
        {drawn.map((one) => (
          <Curve key={one.source_id} one={one} />
        ))}
      </div>
    </Panel>
  );
}

function Curve({ one }: { one: AdvisedBudget }) {
  const { t } = useTranslation();
  const f = useFormat();
  const theme = useTheme();
  const name = useSourceName();
  const option = useMemo<ChartOption>(() => {
    const p = PALETTE[theme];
    const points = one.curve;
    const line = (key: "margin_fen" | "low_fen" | "high_fen") => points.map((each) => [each.spend_fen, each[key]]);
    const at = (spend: number, label: string, color: string) => ({
      type: "line" as const,
      name: label,
      data: [[spend, heightAt(points, spend)]],
      symbolSize: 9,
      itemStyle: { color },
      tooltip: { valueFormatter: () => f.money(spend) },
    });
    const doubt = { showSymbol: false, lineStyle: { width: 1, type: "dashed" as const, color: p.muted }, silent: true };
    return {
      grid: { top: 8, right: 14 },
      legend: { show: false },
      xAxis: {
        type: "value",
        axisLabel: { formatter: (value: number) => f.moneyShort(value) },
        splitNumber: 3,
      },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.moneyShort(value) }, splitNumber: 3 },
      tooltip: { trigger: "item" },
      series: [
        { type: "line", name: t("returns.low_end"), data: line("low_fen"), ...doubt },
        { type: "line", name: t("returns.high_end"), data: line("high_fen"), ...doubt },
        {
          type: "line",
          name: t("returns.brings"),
          data: line("margin_fen"),
          showSymbol: false,
          lineStyle: { width: 2.2, color: p.pine },
        },
        at(one.now_fen, t("returns.now"), p.ochre),
        at(one.advised_fen, t("returns.advised_short"), p.pine),
      ],
    };
  }, [one, theme, f, t]);
  const said = `${name(one)}: ${t("returns.now")} ${f.money(one.now_fen)}, ${t("returns.advised_short")} ${f.money(one.advised_fen)}`;
  return (
    <figure>
      <figcaption>
        <strong>{name(one)}</strong>{" "}
        <span className="muted small num">
          {f.moneyShort(one.now_fen)} → {f.moneyShort(one.advised_fen)}
        </span>
      </figcaption>
      <Chart option={option} height={150} label={said} />
    </figure>
  );
}

/** The curve at a spend that lies between two of its points. */
export function heightAt(points: AdvisedBudget["curve"], spend: number): number {
  const after = points.findIndex((one) => one.spend_fen >= spend);
  if (after <= 0) return points[after === 0 ? 0 : points.length - 1]!.margin_fen;
  const [a, b] = [points[after - 1]!, points[after]!];
  const share = (spend - a.spend_fen) / (b.spend_fen - a.spend_fen || 1);
  return Math.round(a.margin_fen + share * (b.margin_fen - a.margin_fen));
}
