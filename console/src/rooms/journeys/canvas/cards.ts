// What the canvas draws: the definition, what the server says of it, and how many people are where.

import type { Edge, Node } from "@xyflow/react";
import type { JourneyNodeCounts, JourneyStep } from "@/api/types";
import type { Definition, Point, Values } from "../model/definition";
import { CARD } from "../model/layout";

export const ENTRY = "entry:";
export const NOTE = "note:";
export const ENTRY_HEIGHT = 96;

export type Way = { name: string; label: string; state: "open" | "end" | "leads"; passed: number | null };
export type Figures = { here: number; waiting: number; failed: number; passed: number };
export type StepData = {
  kind: string;
  group: string;
  label: string;
  sentence: string;
  note: string;
  ways: Way[];
  figures: Figures | null;
  faults: string[];
  reachable: boolean;
};
export type EntryData = { title: string; lines: string[]; hasStart: boolean; faults: string[]; entered: number | null };
export type NoteData = { text: string };
export type StepCardNode = Node<StepData, "step">;
export type EntryCardNode = Node<EntryData, "entry">;
export type NoteCardNode = Node<NoteData, "note">;
export type AnyNode = StepCardNode | EntryCardNode | NoteCardNode;
export type WayEdge = Edge<{ passed: number | null; width: number; named: string }, "way">;

export type Said = {
  steps: Map<string, JourneyStep>;
  sentenceOf: (id: string) => string;
  edgesOf: (id: string) => readonly string[];
  edgeLabel: (step: JourneyStep | undefined, edge: string, settings?: Values) => string;
  stepLabel: (step: JourneyStep | undefined, kind: string) => string;
  faultsOf: (id: string) => string[];
  entry: EntryData;
};

export type Flow = Record<string, JourneyNodeCounts>;

export const placeOf = (definition: Definition, id: string): Point => {
  const known = definition.layout?.[id];
  if (known) return known;
  const place = Object.keys(definition.nodes).indexOf(id);
  return [0, place * (CARD.height + 76)];
};

export function reached(definition: Definition): Set<string> {
  const seen = new Set<string>();
  const wait = definition.start ? [definition.start] : [];
  for (let id = wait.pop(); id !== undefined; id = wait.pop()) {
    if (seen.has(id) || !definition.nodes[id]) continue;
    seen.add(id);
    for (const to of Object.values(definition.nodes[id]?.to ?? {})) if (to) wait.push(to);
  }
  return seen;
}

const passedBy = (counts: JourneyNodeCounts | undefined): number =>
  Object.values(counts?.edges ?? {}).reduce((sum, people) => sum + people, 0);

export function stepData(
  definition: Definition,
  id: string,
  said: Said,
  flow: Flow | null,
  live: Set<string>,
): StepData {
  const node = definition.nodes[id] as NonNullable<Definition["nodes"][string]>;
  const step = said.steps.get(node.step);
  const counts = flow?.[id];
  const ways = said.edgesOf(id).map((name): Way => {
    const to = node.to?.[name];
    return {
      name,
      label: said.edgeLabel(step, name, node.with),
      state: to === undefined ? "open" : to === null ? "end" : "leads",
      passed: flow ? (counts?.edges[name] ?? 0) : null,
    };
  });
  const figures = flow && {
    here: counts?.here ?? 0,
    waiting: counts?.waiting_for_restraint ?? 0,
    failed: counts?.failed ?? 0,
    passed: passedBy(counts),
  };
  return {
    kind: node.step,
    group: step?.group ?? "flow",
    label: said.stepLabel(step, node.step),
    sentence: said.sentenceOf(id),
    note: node.note ?? "",
    ways,
    figures,
    faults: said.faultsOf(id),
    reachable: live.has(id),
  };
}

/** Wider with more people, so that the way most take is seen. */
const widthOf = (passed: number, most: number): number => (most > 0 ? 1.5 + 5 * Math.sqrt(passed / most) : 1.5);

export function wayEdges(definition: Definition, said: Said, flow: Flow | null): WayEdge[] {
  const edges: WayEdge[] = [];
  const counts = Object.values(flow ?? {}).flatMap((one) => Object.values(one.edges));
  const most = Math.max(0, ...counts);
  if (definition.start && definition.nodes[definition.start])
    edges.push({
      id: `${ENTRY}>`,
      type: "way",
      source: ENTRY,
      sourceHandle: "start",
      target: definition.start,
      data: { passed: null, width: 1.5, named: "" },
    });
  for (const [id, node] of Object.entries(definition.nodes))
    for (const name of said.edgesOf(id)) {
      const to = node.to?.[name];
      if (!to || !definition.nodes[to]) continue;
      const passed = flow ? (flow[id]?.edges[name] ?? 0) : null;
      edges.push({
        id: `${id}>${name}`,
        type: "way",
        source: id,
        sourceHandle: name,
        target: to,
        data: { passed, width: widthOf(passed ?? 0, most), named: name },
      });
    }
  return edges;
}

export const wayOf = (edgeId: string): { from: string | null; edge: string } => {
  const at = edgeId.indexOf(">");
  const from = edgeId.slice(0, at);
  return { from: from === ENTRY ? null : from, edge: edgeId.slice(at + 1) };
};

/** Above the first step; it cannot be moved by itself. */
export function entryPlace(definition: Definition): Point {
  const first = definition.start ?? Object.keys(definition.nodes)[0];
  if (!first || !definition.nodes[first]) return [0, -ENTRY_HEIGHT - 64];
  const [x, y] = placeOf(definition, first);
  return [x, y - ENTRY_HEIGHT - 64];
}
