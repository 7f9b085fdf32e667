// Columns of the table of sources: what is shown, in which unit, and how it is worked out where the server gives only the counts.

import type { SourceRow } from "./shapes";

export type Column = {
  key: string;
  hint: string;
  unit: "count" | "fen" | "rate" | "roi" | "day";
  of: (row: SourceRow) => number | string | null;
};

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);

export const COLUMNS: Column[] = [
  { key: "spend", hint: "spend_hint", unit: "fen", of: (r) => r.spend_fen },
  { key: "scanned", hint: "scanned_hint", unit: "count", of: (r) => r.scanned },
  { key: "added", hint: "added_hint", unit: "count", of: (r) => r.added },
  { key: "kept_1d", hint: "kept_hint", unit: "rate", of: (r) => share(r.kept_1d, r.aged_1d) },
  { key: "kept_7d", hint: "kept_hint", unit: "rate", of: (r) => share(r.kept_7d, r.aged_7d) },
  { key: "kept_30d", hint: "kept_hint", unit: "rate", of: (r) => share(r.kept_30d, r.aged_30d) },
  { key: "reachable", hint: "reachable_hint", unit: "count", of: (r) => r.reachable },
  { key: "real", hint: "real_hint", unit: "count", of: (r) => r.real },
  { key: "first_orders", hint: "first_orders_hint", unit: "count", of: (r) => r.first_orders },
  { key: "second_orders", hint: "second_orders_hint", unit: "count", of: (r) => r.second_orders },
  { key: "cac_add", hint: "cac_add_hint", unit: "fen", of: (r) => r.cac_add_fen },
  { key: "cac_real", hint: "cac_real_hint", unit: "fen", of: (r) => r.cac_real_fen },
  { key: "cac_buyer", hint: "cac_buyer_hint", unit: "fen", of: (r) => r.cac_buyer_fen },
  { key: "revenue", hint: "revenue_hint", unit: "fen", of: (r) => r.revenue_fen },
  { key: "margin", hint: "margin_hint", unit: "fen", of: (r) => r.margin_fen },
  { key: "expected", hint: "expected_hint", unit: "fen", of: (r) => r.expected_fen },
  { key: "payback_on", hint: "payback_hint", unit: "day", of: (r) => r.payback_on },
  { key: "roi", hint: "roi_hint", unit: "roi", of: (r) => r.roi },
  { key: "true_roi", hint: "true_roi_hint", unit: "rate", of: (r) => r.true_roi },
];

/** Shown unless somebody chooses. */
export const USUAL = [
  "spend",
  "scanned",
  "added",
  "kept_7d",
  "first_orders",
  "cac_add",
  "cac_real",
  "cac_buyer",
  "margin",
  "payback_on",
  "roi",
  "true_roi",
];

/** What a row is worth to a sort: a day as text, a number as it is, nothing below everything. */
export function worth(row: SourceRow, key: string): number | string {
  const value = COLUMNS.find((one) => one.key === key)?.of(row);
  return value ?? (key === "payback_on" ? "9999" : Number.NEGATIVE_INFINITY);
}
