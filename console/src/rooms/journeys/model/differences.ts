// What changed between two definitions, step by step, for whoever is about to publish.

import { type Definition, nodeWay, sorted } from "./definition";

export type Difference = { id: string; kind: "added" | "removed" | "changed" };

const PARTS = [
  "entry",
  "reentry",
  "goal",
  "exit",
  "exit_on_opt_out",
  "holdout_rate",
  "use_global_holdout",
  "max_active",
  "priority_fen",
  "start",
] as const;
export type Part = (typeof PARTS)[number];

export function differences(before: Definition, after: Definition): { steps: Difference[]; parts: Part[] } {
  const steps: Difference[] = [];
  for (const [id, node] of Object.entries(after.nodes)) {
    const old = before.nodes[id];
    if (!old) steps.push({ id, kind: "added" });
    else if (text(nodeWay(old)) !== text(nodeWay(node))) steps.push({ id, kind: "changed" });
  }
  for (const id of Object.keys(before.nodes)) if (!after.nodes[id]) steps.push({ id, kind: "removed" });
  const parts = PARTS.filter((part) => text(before[part] ?? null) !== text(after[part] ?? null));
  return { steps, parts };
}

const text = (value: unknown): string => JSON.stringify(sorted(value));
