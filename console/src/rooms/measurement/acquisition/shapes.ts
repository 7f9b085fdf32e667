// What the reports of true cost hold. Money is integer fen; `_on` is the brand's local date; `_rate` is 0..1; null is "not known".

import type { Label } from "@/api/types";

export const BUCKETS = [
  "paid_back",
  "on_the_way",
  "anyway",
  "never_bought",
  "deal_hunter",
  "zombie",
  "lost_7d",
  "never_added",
] as const;
export type Bucket = (typeof BUCKETS)[number];

export type WasteDetail = { detail: string; amount_fen: number; people: number };
export type WasteBucket = {
  bucket: Bucket;
  detail: WasteDetail[];
  amount_fen: number;
  low_fen: number;
  high_fen: number;
  people: number;
};
export type WasteSource = {
  source_id: number;
  parent_id: number | null;
  name: string;
  platform: string;
  total_fen: number;
  anyway_known: boolean;
  buckets: WasteBucket[];
};
export type Waste = {
  from_on: string;
  to_on: string;
  as_of_on: string;
  total_fen: number;
  known_anyway_fen: number;
  buckets: WasteBucket[];
  by_source: WasteSource[];
};
export type WastePerson = {
  customer_id: number;
  name: string | null;
  phone_masked: string | null;
  source_id: number;
  source_name: string;
  bucket: Bucket;
  detail: string;
  share_fen: number;
  cost_fen: number;
  margin_fen: number;
  added_on: string;
};

export type SourceRow = {
  source_id: number;
  parent_id: number | null;
  level: string;
  name: string;
  platform: string;
  target_cac_fen: number | null;
  archived: boolean;
  spend_fen: number;
  visits: number;
  scanned: number;
  added: number;
  aged_1d: number;
  kept_1d: number;
  aged_7d: number;
  kept_7d: number;
  aged_30d: number;
  kept_30d: number;
  reachable: number;
  real: number;
  first_orders: number;
  second_orders: number;
  revenue_fen: number;
  margin_fen: number;
  expected_fen: number;
  expected_low_fen: number;
  expected_high_fen: number;
  cac_add_fen: number | null;
  cac_real_fen: number | null;
  cac_buyer_fen: number | null;
  payback_on: string | null;
  roi: number | null;
  roi_low: number | null;
  roi_high: number | null;
  incremental_rate: number | null;
  incremental_low: number | null;
  incremental_high: number | null;
  true_roi: number | null;
};
export type SourceWeek = {
  week_on: string;
  spend_fen: number;
  added: number;
  first_orders: number;
  margin_fen: number;
};
export type Sources = {
  from_on: string;
  to_on: string;
  as_of_on: string;
  items: SourceRow[];
  totals: SourceRow;
  weeks: SourceWeek[];
  notes: Label[];
};

export type CohortCell = { age: number; buyers: number; revenue_fen: number; margin_fen: number; partial: boolean };
export type ValueCohort = {
  month: string;
  people: number;
  spend_fen: number;
  expected_fen: number;
  expected_low_fen: number;
  expected_high_fen: number;
  payback_age: number | null;
  cells: CohortCell[];
};
export type CohortValue = { as_of_on: string; source_id: number | null; cohorts: ValueCohort[] };

export const MODELS = ["first", "last", "linear", "position", "decay", "markov", "shapley"] as const;
export type Model = (typeof MODELS)[number];
export type Credited = {
  source_id: number;
  name: string;
  platform: string;
  spend_fen: number;
  credit: Record<Model, number | null>;
  incremental: number | null;
  incremental_low: number | null;
  incremental_high: number | null;
};
export type Attribution = {
  from_on: string;
  to_on: string;
  as_of_on: string;
  conversions: number;
  paths: number;
  window_days: number;
  items: Credited[];
};

export type CurvePoint = { spend_fen: number; margin_fen: number; low_fen: number; high_fen: number };
export type AdvisedBudget = {
  source_id: number;
  name: string;
  platform: string;
  now_fen: number;
  advised_fen: number;
  floor_fen: number;
  marginal_now: number;
  marginal_advised: number;
  incremental_known: boolean;
  reason: Label;
  curve: CurvePoint[];
};
export type Advice = {
  month: string;
  as_of_on: string;
  total_fen: number;
  moved_fen: number;
  moved_rate: number;
  gain_fen: number;
  gain_low_fen: number;
  gain_high_fen: number;
  taken: { at: string; by: string } | null;
  items: AdvisedBudget[];
  notes: Label[];
};
export type PastAdvice = {
  id: number;
  month: string;
  taken_at: string;
  taken_by: string;
  gain_fen: number;
  gain_low_fen: number;
  gain_high_fen: number;
  expected_fen: number;
  came_fen: number | null;
  came_low_fen: number | null;
  came_high_fen: number | null;
  verdict: "open" | "true" | "false" | "unknown";
};

export const OUTCOMES = ["buyers", "people", "margin"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const KINDS = ["geo", "time", "code"] as const;
export type Kind = (typeof KINDS)[number];
export type Effect = {
  caused: number;
  low: number;
  high: number;
  booked: number;
  rate: number;
  rate_low: number;
  rate_high: number;
};
export type ExperimentDraft = {
  name: string;
  kind: Kind;
  source_id: number;
  off: string[];
  on: string[];
  begins_on: string;
  ends_on: string;
  outcome: Outcome;
  note: string;
};
export type Experiment = ExperimentDraft & {
  id: number;
  source_name: string;
  status: "planned" | "running" | "ended" | "cancelled";
  created_at: string;
  created_by: string;
  units_off: number;
  units_on: number;
  days: number;
  spend_fen: number;
  effects: Partial<Record<Outcome, Effect>>;
  moved_p: number | null;
  problem: Label | null;
};
export type Power = {
  units_off: number;
  units_on: number;
  days: number;
  newcomers_a_day: number;
  booked_a_day: number;
  smallest_rate: number | null;
  days_for_half: number | null;
};
export type Planned = { power: Power; regions: { name: string; people: number }[] };
