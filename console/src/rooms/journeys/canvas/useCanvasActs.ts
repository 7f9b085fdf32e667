import { useReactFlow } from "@xyflow/react";
import { useCallback, useRef } from "react";
import type { Definition, Point } from "../model/definition";
import { MOST_NODES } from "../model/definition";
import {
  added,
  type Clip,
  connected,
  copied,
  freshId,
  inserted,
  pasted,
  placed,
  removed,
  started,
  withNotes,
} from "../model/graph";
import { CARD, laidOut } from "../model/layout";
import type { Editor } from "../useEditor";
import type { Picked } from "./Canvas";
import { FIT } from "./Canvas";
import { ENTRY, NOTE, placeOf, type Said, wayOf } from "./cards";
import { NOTE_KIND } from "./Palette";

const CLIP = "siyu.journey.clip";
const BELOW = CARD.height + 76;

type Given = {
  editor: Editor;
  said: Said;
  picked: Picked;
  pick: (picked: Picked) => void;
  known: string[];
  onFull: () => void;
};

/** What is done to the drawing: by palette, by key, by menu. All of it is undone the same way. */
export function useCanvasActs(given: Given) {
  const flow = useReactFlow();
  const now = useRef(given);
  now.current = given;

  const middle = useCallback((): Point => {
    const box = document.querySelector(".jcanvas")?.getBoundingClientRect();
    if (!box) return [0, 0];
    const at = flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    return [Math.round(at.x - CARD.width / 2), Math.round(at.y - CARD.height / 2)];
  }, [flow]);

  const addNote = useCallback((at: Point) => {
    const { editor, pick } = now.current;
    const notes = editor.draft.definition.notes ?? [];
    editor.change((one) => withNotes(one, [...notes, { text: "", at }]));
    pick({ nodes: [`${NOTE}${notes.length}`], edges: [] });
  }, []);

  /** Adds a step: into the chosen way, behind the chosen step, or where it was dropped. */
  const add = useCallback(
    (kind: string, drop: { at: Point; edge: string | null } | null) => {
      if (kind === NOTE_KIND) return addNote(drop?.at ?? middle());
      const { editor, picked, pick, said, known, onFull } = now.current;
      const { definition } = editor.draft;
      if (Object.keys(definition.nodes).length >= MOST_NODES) return onFull();
      const id = freshId(definition, known);
      const edges = said.steps.get(kind)?.edges ?? [];
      const way = drop ? drop.edge : (picked.edges[0] ?? null);
      if (way !== null) {
        const { from, edge } = wayOf(way);
        const before = from === null ? definition.start : from;
        const [x, y] = drop?.at ?? belowOf(definition, before);
        editor.change((one) => inserted(one, from, edge, { id, step: kind, at: [x, y], edges }));
      } else {
        const after = drop ? null : behind(definition, picked.nodes, said);
        const place = drop?.at ?? (after ? freeBelow(definition, after.id) : firstPlace(definition, middle));
        editor.change((one) => {
          const next = added(one, id, kind, place);
          return after?.edge === undefined ? next : connected(next, after.id, after.edge, id);
        });
      }
      pick({ nodes: [id], edges: [] });
    },
    [addNote, middle],
  );

  const remove = useCallback(() => {
    const { editor, picked, pick } = now.current;
    const steps = picked.nodes.filter((id) => id !== ENTRY && !id.startsWith(NOTE));
    const notes = new Set(picked.nodes.filter((id) => id.startsWith(NOTE)).map((id) => Number(id.slice(NOTE.length))));
    editor.change((one) => {
      let next = one;
      for (const id of picked.edges) {
        const { from, edge } = wayOf(id);
        next = from === null ? started(next, null) : connected(next, from, edge, undefined);
      }
      if (steps.length) next = removed(next, steps);
      if (notes.size)
        next = withNotes(
          next,
          (next.notes ?? []).filter((_, at) => !notes.has(at)),
        );
      return next;
    });
    pick({ nodes: [], edges: [] });
  }, []);

  const paste = useCallback((clip: Clip, shift: Point) => {
    const { editor, known, pick, onFull } = now.current;
    const { definition } = editor.draft;
    if (Object.keys(definition.nodes).length + Object.keys(clip.nodes).length > MOST_NODES) return onFull();
    const [next, ids] = pasted(definition, clip, shift, known);
    editor.change(() => next);
    pick({ nodes: ids, edges: [] });
  }, []);

  const clipOf = useCallback((): Clip => {
    const { editor, picked } = now.current;
    return copied(editor.draft.definition, picked.nodes);
  }, []);

  return {
    add,
    remove,
    copy: useCallback(() => {
      const clip = clipOf();
      if (Object.keys(clip.nodes).length) keep(clip);
    }, [clipOf]),
    cut: useCallback(() => {
      const clip = clipOf();
      if (!Object.keys(clip.nodes).length) return;
      keep(clip);
      remove();
    }, [clipOf, remove]),
    paste: useCallback(() => {
      const clip = kept();
      if (clip) paste(clip, [48, 48]);
    }, [paste]),
    duplicate: useCallback(() => {
      const clip = clipOf();
      if (Object.keys(clip.nodes).length) paste(clip, [CARD.width + 44, 0]);
    }, [clipOf, paste]),
    all: useCallback(() => {
      const { editor, pick } = now.current;
      pick({ nodes: Object.keys(editor.draft.definition.nodes), edges: [] });
    }, []),
    none: useCallback(() => now.current.pick({ nodes: [], edges: [] }), []),
    tidy: useCallback(() => {
      const { editor } = now.current;
      editor.change((one) => placed(one, laidOut(one)));
      requestAnimationFrame(() => void flow.fitView(FIT));
    }, [flow]),
    fit: useCallback(() => void flow.fitView(FIT), [flow]),
    zoom: useCallback((by: number) => void flow.zoomTo(flow.getZoom() * by), [flow]),
    show: useCallback(
      (id: string) => {
        now.current.pick({ nodes: [id], edges: [] });
        const node = flow.getNode(id);
        if (node)
          void flow.setCenter(node.position.x + CARD.width / 2, node.position.y + CARD.height / 2, {
            zoom: Math.max(0.7, flow.getZoom()),
          });
      },
      [flow],
    ),
  };
}

export type CanvasActs = ReturnType<typeof useCanvasActs>;

/** The chosen step and its first way out that leads nowhere yet; without a choice, the only step of all with such a way. */
function behind(definition: Definition, chosen: string[], said: Said): { id: string; edge?: string } | null {
  const open = (id: string) => said.edgesOf(id).find((edge) => definition.nodes[id]?.to?.[edge] === undefined);
  const [id] = chosen;
  if (chosen.length === 1 && id && definition.nodes[id]) return { id, edge: open(id) };
  if (chosen.length > 0 && id !== ENTRY) return null;
  const ends = Object.keys(definition.nodes).filter((one) => open(one) !== undefined);
  const only = ends.length === 1 ? (ends[0] as string) : null;
  return only ? { id: only, edge: open(only) } : null;
}

const belowOf = (definition: Definition, id: string | null): Point => {
  if (!id || !definition.nodes[id]) return [0, 0];
  const [x, y] = placeOf(definition, id);
  return [x, y + BELOW];
};

/** Below a step, moved to the right until no other stands there. */
function freeBelow(definition: Definition, id: string): Point {
  const taken = Object.keys(definition.nodes).map((one) => placeOf(definition, one));
  let [x, y] = belowOf(definition, id);
  while (taken.some(([a, b]) => Math.abs(a - x) < CARD.width && Math.abs(b - y) < CARD.height)) x += CARD.width + 44;
  return [x, y];
}

const firstPlace = (definition: Definition, middle: () => Point): Point =>
  Object.keys(definition.nodes).length === 0 ? [0, 0] : middle();

/** Kept for other journeys too, in this browser. */
function keep(clip: Clip): void {
  try {
    localStorage.setItem(CLIP, JSON.stringify(clip));
  } catch {
    // Full or forbidden: nothing is copied, and the paste says so by doing nothing.
  }
}

function kept(): Clip | null {
  try {
    const read = JSON.parse(localStorage.getItem(CLIP) ?? "null") as Clip | null;
    return read && typeof read.nodes === "object" ? { nodes: read.nodes, layout: read.layout ?? {} } : null;
  } catch {
    return null;
  }
}
