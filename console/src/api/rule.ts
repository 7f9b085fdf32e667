// The segment rule language, as the API accepts it. The server is strict: an unknown kind, field or operator is refused.

import type { components } from "./schema";

type Stage = components["schemas"]["StageShare"]["stage"];

export type Unit = "day" | "week" | "month" | "hour" | "minute" | "second";
export type Window = { last: number; unit?: Unit; until_last?: number } | { from?: string; to?: string };

export type Value = string | number | boolean | (string | number)[] | null;

export type AttributeRule = {
  kind: "attribute";
  field: string;
  op: string;
  value?: Value;
  window?: Window;
  seconds?: number;
};
export type TagRule = { kind: "tag"; op: "any_of" | "all_of" | "none_of" | "untagged"; tags?: string[] };
export type OrderWhere = { field: string; op: string; value: Value };
export type OrdersRule = {
  kind: "orders";
  measure: "count" | "spend_fen" | "average_fen" | "largest_fen" | "quantity" | "distinct_skus";
  op: string;
  value: number | number[];
  window?: Window;
  where?: OrderWhere[];
};
export type EventWhere = { path: string; op: string; value?: Value };
export type EventRule = {
  kind: "event";
  name: string;
  op: string;
  count: number | number[];
  window?: Window;
  where?: EventWhere[];
};
export type LastEventRule = { kind: "last_event"; name: string; where?: EventWhere[]; has: EventWhere[] };
export type RfmRule = { kind: "rfm"; r?: number[]; f?: number[]; m?: number[] };
export type LifecycleRule = { kind: "lifecycle"; stages: Stage[] };
export type QualityRule = {
  kind: "quality";
  of: "zombie" | "deal_hunter";
  is: ("yes" | "no" | "not_known")[];
};
export type SegmentRule = { kind: "segment"; segment: number };
export type ListRule = { kind: "list"; customer_ids: number[] };
export type EveryoneRule = { kind: "everyone" };
export type Leaf =
  | AttributeRule
  | TagRule
  | OrdersRule
  | EventRule
  | LastEventRule
  | RfmRule
  | LifecycleRule
  | QualityRule
  | SegmentRule
  | ListRule
  | EveryoneRule;
export type GroupRule = { kind: "all" | "any"; of: Rule[] };
export type NotRule = { kind: "not"; of: Rule };
export type Rule = Leaf | GroupRule | NotRule;

/** Stored rules were checked by the server; the document leaves their shape open. */
export const asRule = (stored: Record<string, unknown>): Rule => stored as unknown as Rule;
