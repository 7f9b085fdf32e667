import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyCheck, JourneyStep } from "@/api/types";
import { useSegments, useVocabulary } from "@/rooms/segments/rules/RuleEditor";
import { useFormat } from "@/ui/useFormat";
import type { Said } from "./canvas/cards";
import type { Definition } from "./model/definition";
import { useWords } from "./words";

export type Faults = {
  faultOf: (place: string) => string | undefined;
  faultsOf: (id: string) => string[];
  all: { field: string; message: string; node: string | null }[];
  warnings: { field: string; message: string; node: string | null }[];
};

const OF_NODE = /^nodes\.([A-Za-z0-9_-]+)/;
export const nodeOf = (field: string): string | null => OF_NODE.exec(field)?.[1] ?? null;

/** What the server finds wrong, by place. */
export function useFaults(check: JourneyCheck | undefined): Faults {
  const f = useFormat();
  return useMemo(() => {
    const read = (some: JourneyCheck["faults"]) =>
      some.map((one) => ({ field: one.field, message: f.label(one.message), node: nodeOf(one.field) }));
    const all = read(check?.faults ?? []);
    const byField = new Map(all.map((one) => [dotted(one.field), one.message]));
    const byNode = new Map<string, string[]>();
    for (const one of all) if (one.node) byNode.set(one.node, [...(byNode.get(one.node) ?? []), one.message]);
    return {
      all,
      warnings: read(check?.warnings ?? []),
      faultOf: (place) => byField.get(place),
      faultsOf: (id) => byNode.get(id) ?? NONE,
    };
  }, [check, f]);
}

/** `ways[0].when` and `ways.0.when` name one place. */
const dotted = (field: string): string => field.replace(/\[(\d+)\]/g, ".$1");

const NONE: string[] = [];
const NO_EDGES: string[] = [];

/** Names of segments and events, as they are shown on cards. */
export function useNamed() {
  const { t } = useTranslation();
  const f = useFormat();
  const segments = useSegments();
  const vocabulary = useVocabulary();
  return useMemo(() => {
    const names = new Map((segments.data?.items ?? []).map((one) => [one.id, one.name]));
    const events = new Map((vocabulary.data?.events ?? []).map((one) => [one.name, f.label(one.label) || one.name]));
    return {
      segment: (id: number) => names.get(id) ?? `#${id}`,
      event: (name: string) => events.get(name) ?? t(`journeys.event_${name}`, { defaultValue: name }),
    };
  }, [segments.data, vocabulary.data, f, t]);
}

/** Everything the cards say of a definition. What was checked last stands until the next answer is there. */
export function useSaid(
  definition: Definition,
  steps: JourneyStep[],
  check: JourneyCheck | undefined,
  faults: Faults,
  entered: number | null,
): Said {
  const { t } = useTranslation();
  const f = useFormat();
  const named = useNamed();
  const words = useWords(named);
  const kinds = useMemo(() => new Map(steps.map((step) => [step.kind, step])), [steps]);
  const edgesOf = useCallback(
    (id: string): readonly string[] => {
      const known = check?.nodes[id];
      const kind = definition.nodes[id]?.step ?? "";
      if (known && known.step === kind) return known.edges;
      return kinds.get(kind)?.edges ?? NO_EDGES;
    },
    [check, kinds, definition.nodes],
  );
  const { entry, goal, start, nodes } = definition;
  const { holdout_rate } = definition;
  const card = useMemo(() => {
    const of = (name: string) => faults.all.filter((one) => !one.node && one.field.split(".")[0] === name);
    const own = ["entry", "start", "goal", "exit", "reentry", "holdout_rate", "max_active", "nodes"].flatMap(of);
    return {
      title: t("journeys.who_enters"),
      lines: [words.entry(entry), words.goal(goal), words.holdout({ holdout_rate } as Definition)],
      hasStart: start !== null && start in nodes,
      faults: own.map((one) => one.message),
      entered,
    };
  }, [t, words, faults, entry, goal, holdout_rate, start, nodes, entered]);
  return useMemo(
    () => ({
      steps: kinds,
      edgesOf,
      sentenceOf: (id) =>
        f.label(check?.nodes[id]?.sentence) || f.label(kinds.get(definition.nodes[id]?.step ?? "")?.description),
      edgeLabel: words.edge,
      stepLabel: (step, kind) => (step ? f.label(step.label) : kind),
      faultsOf: faults.faultsOf,
      entry: card,
    }),
    [kinds, edgesOf, check, definition.nodes, f, words, faults, card],
  );
}
