// What a new row starts as, and whether a row is filled in far enough to be sent. Whether it is right is for the server to say.

import type { AttributeRule, Leaf, Rule } from "@/api/types";
import { childrenOf, isGroup } from "./tree";

export type LeafKind = Leaf["kind"];
export const ADDABLE: LeafKind[] = [
  "attribute",
  "tag",
  "orders",
  "event",
  "last_event",
  "rfm",
  "lifecycle",
  "quality",
  "segment",
];

export function newLeaf(kind: LeafKind): Leaf {
  switch (kind) {
    case "attribute":
      return { kind, field: "", op: "is" };
    case "tag":
      return { kind, op: "any_of", tags: [] };
    case "orders":
      return { kind, measure: "count", op: ">=", value: 1, window: { last: 90, unit: "day" } };
    case "event":
      return { kind, name: "", op: ">=", count: 1, window: { last: 30, unit: "day" } };
    case "last_event":
      return { kind, name: "", has: [{ path: "", op: "is" }] };
    case "rfm":
      return { kind };
    case "lifecycle":
      return { kind, stages: [] };
    case "quality":
      return { kind, of: "zombie", is: ["yes"] };
    case "segment":
      return { kind, segment: 0 };
    case "list":
      return { kind, customer_ids: [] };
    case "everyone":
      return { kind };
  }
}

const empty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (Array.isArray(value) && (value.length === 0 || value.some(empty)));

function attributeOpen(rule: AttributeRule): boolean {
  if (!rule.field) return true;
  if (rule.op === "exists" || rule.op === "not_exists") return false;
  if (rule.op === "within" || rule.op === "not_within") return !rule.window;
  if (rule.op === "between") return !Array.isArray(rule.value) || rule.value.length !== 2 || empty(rule.value);
  if (rule.op.startsWith("held_")) return empty(rule.value) || !rule.seconds;
  return empty(rule.value);
}

const whereOpen = (where: { path?: string; field?: string; op: string; value?: unknown }[] | undefined): boolean =>
  (where ?? []).some((w) => !(w.path ?? w.field) || (!w.op.endsWith("exists") && empty(w.value)));

/** True while the row still waits for something to be chosen or typed. */
export function isOpen(rule: Rule): boolean {
  switch (rule.kind) {
    case "attribute":
      return attributeOpen(rule);
    case "tag":
      return rule.op !== "untagged" && empty(rule.tags);
    case "orders":
      return empty(rule.value) || whereOpen(rule.where);
    case "event":
      return !rule.name || empty(rule.count) || whereOpen(rule.where);
    case "last_event":
      return !rule.name || rule.has.length === 0 || whereOpen(rule.has) || whereOpen(rule.where);
    case "rfm":
      return !rule.r?.length && !rule.f?.length && !rule.m?.length;
    case "lifecycle":
      return rule.stages.length === 0;
    case "quality":
      return rule.is.length === 0;
    case "segment":
      return !rule.segment;
    case "list":
      return rule.customer_ids.length === 0;
    default:
      return isGroup(rule) && rule.of.length === 0;
  }
}

/** How many rows of the tree are still open. An empty root means everyone, and is not open. */
export function openCount(root: Rule, top = true): number {
  const own = !(top && isGroup(root)) && isOpen(root) ? 1 : 0;
  return own + childrenOf(root).reduce((sum, child) => sum + openCount(child, false), 0);
}
