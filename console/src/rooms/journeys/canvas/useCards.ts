import { useMemo, useRef } from "react";
import type { Definition, Point } from "../model/definition";
import { type AnyNode, ENTRY, entryPlace, type Flow, NOTE, placeOf, reached, type Said, stepData } from "./cards";

const at = ([x, y]: Point) => ({ x, y });

/** The cards of the canvas. A card whose content is as before is the very same object: only what changed is drawn again. */
export function useCards(definition: Definition, said: Said, flow: Flow | null): AnyNode[] {
  const kept = useRef(new Map<string, { text: string; data: AnyNode["data"] }>());
  return useMemo(() => {
    const cache = kept.current;
    const same = <T extends AnyNode["data"]>(id: string, data: T): T => {
      const text = JSON.stringify(data);
      const known = cache.get(id);
      if (known?.text === text) return known.data as T;
      cache.set(id, { text, data });
      return data;
    };
    const live = reached(definition);
    const cards: AnyNode[] = [
      {
        id: ENTRY,
        type: "entry",
        position: at(entryPlace(definition)),
        draggable: false,
        data: same(ENTRY, said.entry),
        ariaLabel: said.entry.title,
      },
    ];
    for (const id of Object.keys(definition.nodes)) {
      const data = same(id, stepData(definition, id, said, flow, live));
      cards.push({
        id,
        type: "step",
        position: at(placeOf(definition, id)),
        data,
        ariaLabel: `${data.label}: ${data.sentence}`,
      });
    }
    (definition.notes ?? []).forEach((note, place) => {
      const id = `${NOTE}${place}`;
      const data = same(id, { text: note.text });
      cards.push({ id, type: "note", position: at(note.at ?? [0, 0]), data, ariaLabel: note.text, zIndex: -1 });
    });
    return cards;
  }, [definition, said, flow]);
}
