// The shapes the API speaks. Money is integer fen; `_at` is UTC; `_on` is the brand's local date; `_rate` is 0..1.

export type Label = { zh: string; en: string };
export type List<T> = { items: T[]; next_cursor: string | null; total: number | null };
export type Items<T> = { items: T[] };
export type JobRef = { job_id: string };

export type Role = "owner" | "operator" | "analyst" | "guide" | "auditor";
export type Member = {
  id: number;
  login: string;
  name: string;
  role: Role;
  active: boolean;
  created_at: string;
  last_seen_at: string | null;
};
export type Brand = { name: string; time_zone: string; currency: string; is_sample: boolean };
export type Session = { member: Member; permissions: string[]; brand: Brand; version: string };
export type Token = {
  id: number;
  name: string;
  role: Role;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  created_by: string;
};
export type AuditEntry = {
  id: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
};
export type RoleInfo = { role: Role; name: Label; permissions: string[] };

export type JobStatus = "queued" | "running" | "done" | "failed" | "cancelled";
export type Job = {
  id: string;
  kind: string;
  title: Label;
  status: JobStatus;
  progress: number | null;
  message: Label | null;
  done_count: number;
  total_count: number | null;
  error: string | null;
  attempts: number;
  result: Record<string, unknown> | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  created_by: string | null;
  can_cancel: boolean;
  can_retry: boolean;
  eta_seconds: number | null;
  link: string | null;
};

export type ImportField = { field: string; name: Label; required: boolean; help: Label };
export type Mapping = Record<string, string | null>;
export type ImportFile = {
  file_id: string;
  name: string;
  bytes: number;
  format: "csv" | "xlsx" | "parquet";
  encoding: string | null;
  columns: { name: string; samples: string[] }[];
  row_count_estimate: number | null;
  mapping: Mapping;
  mapping_from: "saved" | "guessed";
  source_guess: string;
  fields: ImportField[];
  warnings: Label[];
};
export type ImportStart = {
  file_id: string;
  source: string;
  mapping: Mapping;
  dry_run: boolean;
  keep_sample?: boolean;
  currency?: string;
};
export type Import = {
  id: string;
  job_id: string | null;
  file_name: string;
  bytes: number;
  source: string;
  dry_run: boolean;
  status: JobStatus;
  mapping: Mapping;
  row_count: number;
  accepted_count: number;
  rejected_count: number;
  unchanged_count: number;
  order_count: number;
  new_order_count: number;
  customer_count: number;
  new_customer_count: number;
  cancelled_line_count: number;
  no_customer_line_count: number;
  amount_fen: number;
  first_ordered_at: string | null;
  last_ordered_at: string | null;
  reject_reasons: { reason: Label; code: string; count: number; first_line: number }[];
  created_at: string;
  ended_at: string | null;
  created_by: string | null;
};

export type Stage = "prospect" | "new" | "active" | "slowing" | "at_risk" | "dormant" | "lost";
export type CustomerRow = {
  id: number;
  name: string | null;
  gender: "F" | "M" | null;
  city: string | null;
  province: string | null;
  source: string | null;
  tier: string | null;
  registered_on: string | null;
  tags: string[];
  order_count: number;
  spend_fen: number;
  first_order_on: string | null;
  last_order_on: string | null;
  rfm: string | null;
  stage: Stage | null;
  predicted_value_fen: number | null;
  phone_masked: string | null;
  email_masked: string | null;
};
export type ColumnKind = "text" | "number" | "money" | "date" | "tags" | "enum";
export type ColumnInfo = {
  key: string;
  name: Label;
  kind: ColumnKind;
  sortable: boolean;
  default: boolean;
  options?: { value: string; name: Label }[] | null;
};
export type View = {
  id: number;
  name: string;
  shared: boolean;
  mine: boolean;
  q: string | null;
  filter: Rule | null;
  sort: string | null;
  columns: string[];
};
export type ViewDraft = Omit<View, "id" | "mine">;
export type Customer = CustomerRow & {
  identifiers: {
    namespace: string;
    namespace_name: Label;
    value_masked: string;
    value: string | null;
    first_seen_at: string;
  }[];
  birthday: string | null;
  attributes: { path: string; value: unknown; set_at: string }[];
  rfm_detail: {
    r: number;
    f: number;
    m: number;
    recency_days: number;
    frequency: number;
    monetary_fen: number;
    version: string | number;
  } | null;
  stage_detail: {
    stage: Stage;
    gap_days: number | null;
    expected_gap_days: number | null;
    since_on: string | null;
  } | null;
  value: {
    predicted_orders: number;
    predicted_value_fen: number;
    low_fen: number;
    high_fen: number;
    horizon_days: number;
    p_alive: number | null;
    model: string;
    flags: string[];
  } | null;
  segments: { id: number; name: string; since_at: string }[];
  tags_detail: { tag: string; tagged_at: string; by: string }[];
};
export type TimelineKind = "order" | "event" | "tag" | "segment" | "profile";
export type TimelineEntry = {
  at: string;
  kind: TimelineKind;
  title: Label;
  detail: Label | null;
  amount_fen: number | null;
  lines?: { sku: string; name: string; quantity: number; amount_fen: number }[] | null;
};
export type TagCount = { tag: string; customer_count: number };
export type TagChange = { customer_ids?: number[]; filter?: Rule; segment?: number; add: string[]; remove: string[] };
export type ExportRequest = {
  q?: string;
  filter?: Rule;
  segment?: number;
  sort?: string;
  columns: string[];
  format: "csv" | "xlsx";
};

export * from "./rule";

import type { Rule } from "./rule";

export type Problem = { path: string; message: Label };
export type SegmentRow = {
  id: number;
  name: string;
  description: string | null;
  rule_version: number;
  customer_count: number | null;
  change_7d: number | null;
  status: "ready" | "computing" | "invalid";
  computed_at: string | null;
  created_by: string | null;
  updated_at: string;
  sizes: { on: string; count: number }[];
};
export type SegmentVersion = {
  version: number;
  rule: Rule;
  sentence: Label;
  created_at: string;
  created_by: string | null;
};
export type Segment = SegmentRow & { rule: Rule; sentence: Label; versions: SegmentVersion[]; problems: Problem[] };
export type SegmentDraft = { name: string; description?: string; rule: Rule };
export type Preview = {
  count: number;
  base_count: number;
  share_rate: number | null;
  sentence: Label;
  sample: CustomerRow[];
  elapsed_ms: number;
  problems?: Problem[];
};
export type Overlap = {
  count: number;
  items: {
    id: number;
    name: string;
    count: number;
    both_count: number;
    only_this_count: number;
    only_other_count: number;
    jaccard_rate: number | null;
  }[];
};
export type Explanation = {
  sentence: Label;
  value: boolean;
  observed: string | null;
  flips_at: string | null;
  children?: Explanation[];
};
export type Explain = { member: boolean; next_flip_at: string | null; tree: Explanation };
export type SizePoint = { at: string; count: number; entered_count: number; left_count: number };
export type MemberChange = { at: string; customer_id: number; name: string | null; entered: boolean };
export type AttributeKind = "text" | "number" | "money" | "date" | "enum" | "boolean";
export type Vocabulary = {
  attributes: { field: string; name: Label; kind: AttributeKind; options?: { value: string; name: Label }[] | null }[];
  tags: { tag: string; count: number }[];
  events: {
    name: string;
    label: Label;
    count: number;
    properties: { path: string; kind: string; samples: (string | null)[] }[];
  }[];
  products: { categories: string[]; top: { sku: string; name: string }[] };
  stages: { stage: Stage; name: Label }[];
};

export * from "./reports";
