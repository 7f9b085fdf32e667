// A journey as the server stores it (siyu/journeys/definition.py). The document leaves its shape open; defaults are left out there.

import type { EventWhere } from "@/api/types";

export type Point = [number, number];
export type Values = Record<string, unknown>;
export type StepNode = { step: string; with?: Values; to?: Record<string, string | null>; note?: string };
export type EntryKind = "segment" | "event" | "schedule" | "date" | "scan" | "survey" | "api" | "manual";
export type Entry = { kind: EntryKind } & Values;
export type Reentry = { rule?: "once" | "after_end" | "always"; at_most?: number | null; min_days?: number | null };
export type Condition = { event?: string | null; where?: EventWhere[]; segment?: number | null; left?: number | null };
export type Goal = {
  event?: string | null;
  where?: EventWhere[];
  segment?: number | null;
  days?: number;
  ends?: boolean;
};
export type Note = { text: string; at?: Point };
export type Definition = {
  entry: Entry;
  nodes: Record<string, StepNode>;
  start: string | null;
  reentry?: Reentry;
  max_active?: number | null;
  priority_fen?: number;
  holdout_rate?: number;
  use_global_holdout?: boolean;
  exit?: Condition[];
  exit_on_opt_out?: boolean;
  goal?: Goal | null;
  layout?: Record<string, Point>;
  notes?: Note[];
};

/** What the server takes when a field is left out. */
export const HOLDOUT_RATE = 0.1;
export const GOAL_DAYS = 7;
export const MOST_NODES = 200;

export const asDefinition = (stored: Record<string, unknown>): Definition => {
  const read = stored as unknown as Definition;
  return { ...read, nodes: read.nodes ?? {}, start: read.start ?? null };
};

/** For a request body, whose shape the document leaves open. */
export const toBody = (definition: Definition): Record<string, unknown> =>
  definition as unknown as Record<string, unknown>;

/** The same journey, wherever it is drawn: what people go through, without places and remarks of the canvas. */
export function sameWay(a: Definition, b: Definition): boolean {
  return JSON.stringify(wayOf(a)) === JSON.stringify(wayOf(b));
}

function wayOf(definition: Definition): unknown {
  const { layout: _layout, notes: _notes, nodes, ...rest } = definition;
  const bare = Object.keys(nodes)
    .sort()
    .map((id) => [id, sorted(nodeWay(nodes[id] as StepNode))]);
  return [sorted(rest), bare];
}

export const nodeWay = (node: StepNode): Values => ({ step: node.step, with: node.with ?? {}, to: node.to ?? {} });

/** Keys in one order, so that equal values have equal texts. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value as Values).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]));
}
