// Undo and redo of one value. Quick edits of the same field count as one step.

export type History<T> = { past: T[]; now: T; future: T[]; touched: { field: string; at: number } | null };
export type Step<T> =
  | { type: "set"; value: T; field?: string; at?: number }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "reset"; value: T };

const LIMIT = 200;
const SAME_EDIT_MS = 900;

export const started = <T>(value: T): History<T> => ({ past: [], now: value, future: [], touched: null });

export function history<T>(state: History<T>, step: Step<T>): History<T> {
  switch (step.type) {
    case "reset":
      return started(step.value);
    case "undo": {
      const before = state.past.at(-1);
      if (before === undefined) return state;
      return { past: state.past.slice(0, -1), now: before, future: [state.now, ...state.future], touched: null };
    }
    case "redo": {
      const [next, ...rest] = state.future;
      if (next === undefined) return state;
      return { past: [...state.past, state.now], now: next, future: rest, touched: null };
    }
    case "set": {
      if (step.value === state.now) return state;
      const at = step.at ?? Date.now();
      const same =
        step.field !== undefined && state.touched?.field === step.field && at - state.touched.at < SAME_EDIT_MS;
      const past = same ? state.past : [...state.past, state.now].slice(-LIMIT);
      return {
        past,
        now: step.value,
        future: [],
        touched: step.field === undefined ? null : { field: step.field, at },
      };
    }
  }
}
