// A trait's definition, as the API accepts it; the server is strict about what goes with what.

import type { EventWhere, OrderWhere, Rule, Value, Window } from "@/api/types";

export type Source = "orders" | "order_lines" | "activity" | "attribute";
export type Part = {
  of: Source;
  measure: string;
  property?: string;
  name?: string;
  type?: "text" | "number" | "time";
  where?: (OrderWhere | EventWhere)[];
  window?: Window;
  since?: { of: "orders" | "activity"; which?: "first" | "last"; name?: string };
  among?: Rule;
};
export type Draft = { name: string; description: string; parts: Part[]; fallback: Value | undefined };
type Stored = Omit<Part, "of"> & { of: Source | "first_known"; parts?: Part[]; default?: Value };

export const SOURCES: Source[] = ["orders", "order_lines", "activity", "attribute"];
export const AT = "$at";
export const BARE = ["count", "exists", "days_since_last"];
export const MEASURES = [
  "count",
  "sum",
  "average",
  "min",
  "max",
  "first",
  "last",
  "most_frequent",
  "distinct_count",
  "exists",
  "days_since_last",
];
const NUMBERS: Record<string, string[]> = {
  orders: ["amount_fen", "quantity"],
  order_lines: ["amount_fen", "unit_price_fen", "quantity"],
};
const TEXTS: Record<string, string[]> = {
  orders: ["source"],
  order_lines: ["category", "sku", "product_name", "source"],
};

/** The columns that a measure can be of; none for activities, which have properties of their own. */
export function propertiesFor(part: Part): string[] {
  const numbers = NUMBERS[part.of] ?? [];
  const texts = TEXTS[part.of] ?? [];
  if (["sum", "average"].includes(part.measure)) return numbers;
  if (["min", "max"].includes(part.measure)) return [...numbers, AT];
  if (["most_frequent", "distinct_count"].includes(part.measure)) return texts;
  return [...texts, ...numbers, AT];
}

export const numeric = (measure: string) => ["sum", "average", "min", "max"].includes(measure);

/** A part with another source or measure: what does not go with it is dropped. */
export function changed(part: Part, next: Partial<Part>): Part {
  const made: Part = { ...part, ...next };
  if (next.of && next.of !== part.of) {
    return { of: made.of, measure: made.measure, window: made.window, among: made.among, ...first(made) };
  }
  if (BARE.includes(made.measure)) {
    const { property: _property, type: _type, ...rest } = made;
    return rest;
  }
  const known = propertiesFor(made);
  if (NUMBERS[made.of] && !known.includes(made.property ?? "")) made.property = known[0];
  if (next.measure) delete made.type;
  return made;
}

const first = (part: Part): Partial<Part> =>
  NUMBERS[part.of] && !BARE.includes(part.measure) ? { property: propertiesFor(part)[0] } : {};

export const BLANK: Draft = {
  name: "",
  description: "",
  parts: [{ of: "orders", measure: "sum", property: "amount_fen", window: { last: 90, unit: "day" } }],
  fallback: undefined,
};

export function draftOf(trait: {
  name: string;
  description: string | null;
  definition: Record<string, unknown>;
}): Draft {
  const { default: fallback, ...stored } = trait.definition as unknown as Stored;
  const parts = stored.of === "first_known" ? (stored.parts ?? []) : [stored as Part];
  return { name: trait.name, description: trait.description ?? "", parts, fallback };
}

export function toSend(draft: Draft): Record<string, unknown> {
  const fallback = draft.fallback === undefined || draft.fallback === "" ? {} : { default: draft.fallback };
  const [only] = draft.parts;
  return draft.parts.length === 1 ? { ...only, ...fallback } : { of: "first_known", parts: draft.parts, ...fallback };
}
