import { useCallback, useEffect, useRef, useState } from "react";

const REST_MS = 700;

type Saving = { state: "saved" | "waiting" | "saving" | "failed"; at: string | null; error: unknown };

/**
 * Saves a draft whenever editing rests, one save at a time, the newest last. What was typed while a save was under way is
 * saved after it. `flush` saves now and resolves when nothing is unsaved; leaving the page before that is asked about.
 */
export function useAutosave<T>(value: T, save: (value: T) => Promise<void>) {
  const [saving, setSaving] = useState<Saving>({ state: "saved", at: null, error: null });
  const newest = useRef(value);
  // Null after a failure: whether that save arrived is not known.
  const stored = useRef<T | null>(value);
  const work = useRef<Promise<boolean> | null>(null);
  const saver = useRef(save);
  saver.current = save;
  newest.current = value;

  const flush = useCallback(async (): Promise<boolean> => {
    while (work.current) await work.current;
    if (stored.current === newest.current) {
      setSaving((was) => (was.state === "saved" ? was : { ...was, state: "saved" }));
      return true;
    }
    const going = newest.current;
    setSaving((was) => ({ ...was, state: "saving" }));
    work.current = saver
      .current(going)
      .then(() => {
        stored.current = going;
        const rest = newest.current === going ? "saved" : "waiting";
        setSaving({ state: rest, at: new Date().toISOString(), error: null });
        return true;
      })
      .catch((error: unknown) => {
        stored.current = null;
        setSaving((was) => ({ ...was, state: "failed", error }));
        return false;
      })
      .finally(() => {
        work.current = null;
      });
    return work.current;
  }, []);

  useEffect(() => {
    if (!work.current && stored.current === value) {
      // Undone before it was saved.
      setSaving((was) => (was.state === "waiting" ? { ...was, state: "saved" } : was));
      return;
    }
    setSaving((was) => (was.state === "saved" ? { ...was, state: "waiting" } : was));
    const timer = setTimeout(() => void flush(), REST_MS);
    return () => clearTimeout(timer);
  }, [value, flush]);

  const unsaved = saving.state !== "saved";
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);

  return { ...saving, flush };
}
