import { useEffect, useRef } from "react";

type Options = { shift?: boolean; whenTyping?: boolean };

/** Ctrl/⌘ + key. Inside a text field only when asked, so that the field keeps its own undo. */
export function useHotkey(key: string, act: () => void, { shift = false, whenTyping = true }: Options = {}): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.shiftKey !== shift || event.key.toLowerCase() !== key) return;
      const target = event.target as HTMLElement;
      if (!whenTyping && target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, [contenteditable]"))
        return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [key, shift, whenTyping]);
}
