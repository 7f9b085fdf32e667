import { useEffect, useRef } from "react";

/** Plain letters, but not while somebody types or a dialog is open. */
export function useKeys(acts: Record<string, () => void>): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isBusy = target.closest("input, textarea, select, [role=dialog], [contenteditable]");
      if (event.metaKey || event.ctrlKey || event.altKey || isBusy) return;
      latest.current[event.key.toLowerCase()]?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
