// The JSON schema of a step's settings, as far as a panel needs it: which control, in which bounds, with which words.

import type { Label } from "@/api/types";
import type { Values } from "./definition";

export type Schema = {
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  allOf?: Schema[];
  discriminator?: { propertyName: string; mapping?: Record<string, string> };
  type?: string | string[];
  enum?: (string | number | null)[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | false;
  prefixItems?: Schema[];
  additionalProperties?: Schema | boolean;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  title?: string;
  label?: Label;
  hint?: Label;
  picker?: string;
  words?: Record<string, Label>;
};

const plain = (schema: Schema): Schema => {
  const { $ref: _ref, anyOf: _any, ...rest } = schema;
  return rest;
};

/** Follows references, and takes "this or nothing" for this. */
export function resolved(schema: Schema, defs: Record<string, Schema> = {}): { schema: Schema; nullable: boolean } {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) as string;
    const found = resolved(defs[name] ?? {}, defs);
    return { schema: { ...found.schema, ...plain(schema) }, nullable: found.nullable };
  }
  if (schema.anyOf) {
    const rest = schema.anyOf.filter((one) => one.type !== "null");
    const nullable = rest.length < schema.anyOf.length;
    if (rest.length === 1) {
      const found = resolved(rest[0] as Schema, defs);
      return { schema: { ...found.schema, ...plain(schema) }, nullable: nullable || found.nullable };
    }
    return { schema: { ...schema, anyOf: rest }, nullable };
  }
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    const rest = schema.type.filter((one) => one !== "null");
    return { schema: { ...schema, type: rest.length === 1 ? rest[0] : rest }, nullable: true };
  }
  return { schema, nullable: false };
}

export type Picker =
  | "segment" | "segments" | "piece" | "tag" | "tags" | "account" | "accounts" | "journey" | "event" | "where" | "rule"
  | "seconds" | "minutes" | "hours" | "days" | "at" | "date" | "carriers" | "carrier" | "text" | "rate" | "fen" | "node"
  | "trait" | "store" | "join_way" | "coupon" | "survey" | "weekdays" | "date_of" | "scalar" | "percent" | "choice" | "choices" | "number" | "boolean" | "line" | "lines" | "object" | "rows" | "map" | "union"; // biome-ignore format: one list

const BY_NAME: Record<string, Picker> = {
  segment: "segment", segment_id: "segment", segments: "segments", segment_ids: "segments",
  piece: "piece", piece_id: "piece", tag: "tag", tags: "tags", account: "account", account_id: "account", accounts: "accounts", account_ids: "accounts",
  journey: "journey", journey_id: "journey", event: "event", event_name: "event", where: "where", rule: "rule",
  seconds: "seconds", minutes: "minutes", hours: "hours", days: "days", at: "at", on: "date", date: "date", carriers: "carriers", carrier: "carrier",
  text: "text", message: "text", body: "text", rate: "rate", share: "rate", fen: "fen", node: "node",
  trait: "trait", trait_id: "trait", store: "store", weekdays: "weekdays", field: "date_of", percent: "percent", from: "at", to: "at", level: "rate",
}; // biome-ignore format: one table

const BY_END: [string, Picker][] = [
  ["_seconds", "seconds"],
  ["_minutes", "minutes"],
  ["_hours", "hours"],
  ["_days", "days"],
  ["_fen", "fen"],
  ["_rate", "rate"],
];

const isNumber = (schema: Schema) => schema.type === "number" || schema.type === "integer";

/** Which control a setting gets: what the step says, else what its name is known for, else what its type asks for. */
export function pickerOf(name: string, schema: Schema): Picker {
  if (schema.picker) return schema.picker as Picker;
  if (schema.enum) return "choice";
  if (schema.type === "boolean") return "boolean";
  const known = BY_NAME[name];
  if (known && fits(known, schema)) return known;
  if (isNumber(schema)) return BY_END.find(([end]) => name.endsWith(end))?.[1] ?? "number";
  if (schema.type === "array") {
    const items = schema.items || undefined;
    if (items && (items.$ref || items.properties || items.discriminator)) return "rows";
    if (items?.enum) return "choices";
    return "lines";
  }
  if (schema.anyOf)
    return schema.anyOf.every((one) => typeof one.type === "string" && one.type !== "object" && one.type !== "array")
      ? "scalar"
      : "union";
  if (schema.properties) return "object";
  if (schema.type === "object") return "map";
  return (schema.maxLength ?? 0) > 200 ? "text" : "line";
}

const NUMBERS = new Set<Picker>([
  "segment",
  "piece",
  "account",
  "journey",
  "trait",
  "store",
  "percent",
  "seconds",
  "minutes",
  "hours",
  "days",
  "rate",
  "fen",
]);
const MANY = new Set<Picker>(["segments", "tags", "accounts", "carriers", "where", "weekdays"]);

function fits(picker: Picker, schema: Schema): boolean {
  if (NUMBERS.has(picker)) return isNumber(schema);
  if (MANY.has(picker)) return schema.type === "array";
  if (picker === "rule") return schema.type === "object" || schema.type === undefined;
  return schema.type === "string";
}

/** What a setting starts with when a row is added. */
export function fresh(schema: Schema, defs: Record<string, Schema>): unknown {
  const one = resolved(schema, defs).schema;
  if (one.default !== undefined) return one.default;
  if (one.enum) return one.enum[0];
  if (one.const !== undefined) return one.const;
  if (one.properties) {
    const made: Values = {};
    for (const name of one.required ?? []) made[name] = fresh(one.properties[name] ?? {}, defs);
    return made;
  }
  if (one.type === "array") return [];
  if (one.type === "object") return {};
  if (one.type === "string") return "";
  if (one.type === "boolean") return false;
  return one.minimum ?? 0;
}
