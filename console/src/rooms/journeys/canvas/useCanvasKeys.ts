import { useEffect, useRef } from "react";
import type { Editor } from "../useEditor";
import type { CanvasActs } from "./useCanvasActs";

/** Where keys have their usual meaning. */
const ELSEWHERE =
  "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], .ant-select, .ant-modal, .ant-drawer";

/** Keys of the canvas, wherever on the page they are pressed, except where text is typed or a window is open. */
export function useCanvasKeys(editor: Editor, acts: CanvasActs, editing: boolean, on: boolean): void {
  const now = useRef({ editor, acts, editing });
  now.current = { editor, acts, editing };
  useEffect(() => {
    if (!on) return;
    const onKey = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).closest?.(ELSEWHERE)) return;
      const act = find(event, now.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [on]);
}

type Now = { editor: Editor; acts: CanvasActs; editing: boolean };

function find(event: KeyboardEvent, { editor, acts, editing }: Now): (() => void) | null {
  const key = event.key.toLowerCase();
  if (!event.metaKey && !event.ctrlKey) {
    if (key === "escape") return acts.none;
    return editing && (key === "delete" || key === "backspace") ? acts.remove : null;
  }
  if (key === "0") return acts.fit;
  if (key === "a") return acts.all;
  // Marked text is copied as text.
  if (key === "c") return window.getSelection()?.toString() ? null : acts.copy;
  if (!editing) return null;
  if (key === "z") return event.shiftKey ? editor.redo : editor.undo;
  return { y: editor.redo, x: acts.cut, v: acts.paste, d: acts.duplicate, l: acts.tidy }[key] ?? null;
}
