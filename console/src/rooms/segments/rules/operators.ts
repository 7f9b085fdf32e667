import type { AttributeKind } from "@/api/types";

/** Operators offered for each kind of attribute, most used first. */
export const OPERATORS: Record<AttributeKind, string[]> = {
  enum: ["in", "not_in", "exists", "not_exists", "held_at_least", "held_less_than"],
  text: [
    "is",
    "is_not",
    "contains",
    "starts_with",
    "includes",
    "in",
    "not_in",
    "exists",
    "not_exists",
    "held_at_least",
    "held_less_than",
  ],
  number: [">=", ">", "<=", "<", "is", "is_not", "between", "exists", "not_exists"],
  money: [">=", ">", "<=", "<", "is", "is_not", "between", "exists", "not_exists"],
  date: ["within", "not_within", "before", "after", "between", "anniversary_within_days", "exists", "not_exists"],
  boolean: ["is", "exists", "not_exists"],
};

export const COMPARE = [">=", ">", "<=", "<", "=", "between"];
export const WHERE_OPERATORS = [
  "is",
  "is_not",
  "in",
  "not_in",
  "contains",
  ">=",
  ">",
  "<=",
  "<",
  "exists",
  "not_exists",
];
export const ORDER_WHERE_FIELDS = [
  "sku",
  "category",
  "product_name",
  "source",
  "amount_fen",
  "unit_price_fen",
  "quantity",
];

/** Which control the value of an operator needs. */
export type ValueShape = "none" | "one" | "many" | "range" | "window" | "days" | "held";

export function valueShape(op: string): ValueShape {
  if (op === "exists" || op === "not_exists") return "none";
  if (op === "in" || op === "not_in") return "many";
  if (op === "between") return "range";
  if (op === "within" || op === "not_within") return "window";
  if (op === "anniversary_within_days") return "days";
  return op.startsWith("held_") ? "held" : "one";
}
