import { useCallback, useReducer } from "react";
import { asRule, type Rule, type Segment, type SegmentDraft } from "@/api/types";
import { type History, history, type Step, started } from "../rules/history";
import { closed, opened } from "../rules/tree";

export type Draft = { name: string; description: string; rule: Rule };

export const draftOf = (segment: Pick<Segment, "name" | "description" | "rule">): Draft => ({
  name: segment.name,
  description: segment.description ?? "",
  rule: opened(asRule(segment.rule)),
});

export const emptyDraft = (rule: Rule | null): Draft => ({ name: "", description: "", rule: opened(rule) });

export const toSend = (draft: Draft): SegmentDraft => ({
  name: draft.name.trim(),
  description: draft.description.trim() || undefined,
  rule: closed(draft.rule),
});

export const sameDraft = (a: Draft, b: Draft): boolean => JSON.stringify(toSend(a)) === JSON.stringify(toSend(b));

/** The segment being edited, with undo and redo over name, description and rule. */
export function useDraft(first: Draft) {
  const [state, step] = useReducer(
    history as (s: History<Draft>, a: Step<Draft>) => History<Draft>,
    first,
    started<Draft>,
  );
  const set = useCallback((value: Draft, field?: string) => step({ type: "set", value, field }), []);
  return {
    draft: state.now,
    set,
    undo: useCallback(() => step({ type: "undo" }), []),
    redo: useCallback(() => step({ type: "redo" }), []),
    canUndo: state.past.length > 0,
    canRedo: state.future.length > 0,
  };
}
