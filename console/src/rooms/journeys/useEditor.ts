import { useCallback, useReducer, useRef } from "react";
import { type History, history, type Step, started } from "@/rooms/segments/rules/history";
import type { Definition } from "./model/definition";

export type Draft = { name: string; definition: Definition };
type Change = (now: Definition) => Definition;

/** The journey under the pen, with undo and redo of everything: steps, settings, places on the canvas, remarks, the name. */
export function useEditor(first: Draft) {
  const [state, step] = useReducer(
    history as (s: History<Draft>, a: Step<Draft>) => History<Draft>,
    first,
    started<Draft>,
  );
  const now = useRef(state.now);
  now.current = state.now;
  const put = useCallback((value: Draft, field?: string) => {
    // Two changes before the next paint build on each other.
    now.current = value;
    step({ type: "set", value, field });
  }, []);
  return {
    draft: state.now,
    /** Quick changes of the same `field` are one step of undo. */
    change: useCallback(
      (change: Change, field?: string) => {
        const definition = change(now.current.definition);
        if (definition !== now.current.definition) put({ ...now.current, definition }, field);
      },
      [put],
    ),
    rename: useCallback((name: string) => put({ ...now.current, name }, "name"), [put]),
    reset: useCallback((value: Draft) => {
      now.current = value;
      step({ type: "reset", value });
    }, []),
    undo: useCallback(() => step({ type: "undo" }), []),
    redo: useCallback(() => step({ type: "redo" }), []),
    canUndo: state.past.length > 0,
    canRedo: state.future.length > 0,
  };
}

export type Editor = ReturnType<typeof useEditor>;
