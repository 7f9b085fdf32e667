// Shapes of the analytic reports: RFM, lifecycle, value, and the measurement room.

import type { Label, Stage } from "./types";

export type RfmReport = {
  as_of_on: string;
  version: string | number;
  customer_count: number;
  grid: { r: number; f: number; m: number; count: number; spend_fen: number }[];
  rf: { r: number; f: number; count: number; spend_fen: number; average_fen: number | null }[];
  cuts: Record<"r" | "f" | "m", { score: number; low: number | null; high: number | null; count: number }[]>;
  groups: { key: string; name: Label; definition: Label; count: number; spend_fen: number }[];
};
export type LifecycleReport = {
  as_of_on: string;
  stages: {
    stage: Stage;
    name: Label;
    definition: Label;
    count: number;
    share_rate: number | null;
    spend_fen: number;
  }[];
  months: { month: string; stages: Partial<Record<Stage, number>> }[];
  flows: { month: string; from: Stage; to: Stage; count: number }[];
  clock: { segment_median_gap_days: number | null; cuts: Record<string, unknown> };
};
export type BackTest = {
  calibration_end_on: string;
  holdout_days: number;
  predicted_orders: number;
  actual_orders: number;
  error_rate: number | null;
  predicted_value_fen: number | null;
  actual_value_fen: number | null;
  value_error_rate: number | null;
  correlation: number | null;
  mae: number | null;
  gini_rate: number | null;
  gini_naive_rate: number | null;
  deciles: { decile: number; predicted: number; actual: number }[];
  weekly: { week: string | number; predicted: number; actual: number }[];
};
export type ValueReport = {
  as_of_on: string;
  model: string;
  parameters: Record<string, { value: number; low: number | null; high: number | null }>;
  log_likelihood: number | null;
  monetary: { p: number; q: number; gamma: number; customer_count: number; correlation: number } | null;
  horizon_days: number;
  customer_count: number;
  predicted_orders: number;
  predicted_value_fen: number;
  low_fen: number;
  high_fen: number;
  eligible: boolean;
  ineligible_reasons: Label[];
  flags: { code: string; message: Label }[];
  histogram: { from_fen: number; to_fen: number | null; count: number; value_fen: number }[];
  deciles: { decile: number; count: number; predicted_value_fen: number }[];
  top_share_rate: number | null;
  back_test: BackTest | null;
};

export type Unit3 = "count" | "fen" | "rate";
export type Metric = { key: string; name: Label; definition: Label; unit: Unit3 };
export type Grain = "day" | "week" | "month";
export type Period = { from_on: string; to_on: string };
export type Overview = {
  as_of_on: string;
  grain: Grain;
  period: Period;
  previous: Period;
  cards: {
    metric: string;
    value: number | null;
    previous: number | null;
    change_rate: number | null;
    series: (number | null)[];
  }[];
  series: { period_on: string; partial: boolean; metrics: Record<string, number | null> }[];
  fresh_at: string | null;
  totals: Record<string, number | null>;
};
export type CohortMeasure = "buyers" | "revenue_fen" | "orders";
export type CohortReport = {
  measure: CohortMeasure;
  cohorts: { month: string; size: number; cells: { offset: number; value: number | null; rate: number | null }[] }[];
  average: { offset: number; rate: number | null }[];
};
export type Concentration = {
  buyers: number;
  revenue_fen: number;
  top20_share_rate: number | null;
  top: { share_of_buyers_rate: number; buyers: number; revenue_fen: number; share_rate: number }[];
  curve: { buyers_rate: number; revenue_rate: number }[];
  gini_rate: number | null;
};
export type Doctor = {
  checks: { key: string; name: Label; status: "ok" | "warn" | "fail"; detail: Label; way_out: Label | null }[];
};
export type EventCatalogue = {
  items: {
    name: string;
    version: number;
    label: Label;
    description: Label;
    properties: { path: string; type: string; description: string | Label }[];
    count_30d: number;
  }[];
};
