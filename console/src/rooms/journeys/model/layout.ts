// Auto layout: from top to bottom, a layer for each step on the longest way from the start, crossings kept low.

import type { Definition, Point } from "./definition";

export const CARD = { width: 236, height: 104 };
const GAP = { x: 44, y: 76 };

type Ways = Map<string, string[]>;

/** Ways between steps; those that lead back (loops) are left out, or layers would have no end. */
function forward(definition: Definition): { ways: Ways; order: string[] } {
  const ways: Ways = new Map();
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (root: string) => {
    const stack: [string, string[]][] = [[root, targets(definition, root)]];
    state.set(root, "open");
    ways.set(root, []);
    while (stack.length) {
      const [id, rest] = stack.at(-1) as [string, string[]];
      const to = rest.shift();
      if (to === undefined) {
        state.set(id, "done");
        order.unshift(id);
        stack.pop();
        continue;
      }
      if (state.get(to) === "open") continue;
      ways.get(id)?.push(to);
      if (state.has(to)) continue;
      state.set(to, "open");
      ways.set(to, []);
      stack.push([to, targets(definition, to)]);
    }
  };
  if (definition.start && definition.nodes[definition.start]) visit(definition.start);
  const rest: string[] = [];
  for (const id of Object.keys(definition.nodes)) {
    if (state.has(id)) continue;
    const before = order.length;
    visit(id);
    rest.push(...order.splice(0, order.length - before));
  }
  return { ways, order: [...order, ...rest] };
}

const targets = (definition: Definition, id: string): string[] =>
  Object.values(definition.nodes[id]?.to ?? {}).filter((to): to is string => to !== null && to in definition.nodes);

export function laidOut(definition: Definition): Record<string, Point> {
  const { ways, order } = forward(definition);
  const layer = new Map<string, number>(order.map((id) => [id, 0]));
  for (const id of order)
    for (const to of ways.get(id) ?? []) layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1));
  const from: Ways = new Map(order.map((id) => [id, []]));
  for (const [id, tos] of ways) for (const to of tos) from.get(to)?.push(id);
  const rows: string[][] = [];
  for (const id of order) {
    const at = layer.get(id) ?? 0;
    rows[at] = [...(rows[at] ?? []), id];
  }
  const x = new Map<string, number>();
  for (const row of rows) for (const [place, id] of row.entries()) x.set(id, place * (CARD.width + GAP.x));
  // Down by what leads there, up by where it leads: a few rounds are enough for journeys.
  for (let round = 0; round < 6; round++) {
    const down = round % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) settle(row, down ? from : ways, ways, x);
  }
  const shift = x.get(definition.start ?? "") ?? 0;
  const places: Record<string, Point> = {};
  for (const id of order)
    places[id] = [Math.round((x.get(id) ?? 0) - shift), (layer.get(id) ?? 0) * (CARD.height + GAP.y)];
  return places;
}

/** Each step as near as it can be to the middle of those it belongs to, without standing on another. */
function settle(row: string[], near: Ways, ways: Ways, x: Map<string, number>): void {
  const wanted = new Map<string, number>();
  for (const id of row) {
    const others = near.get(id) ?? [];
    const middle = others.map((other) => (x.get(other) ?? 0) + lean(id, other, ways));
    wanted.set(id, middle.length ? middle.reduce((sum, one) => sum + one, 0) / middle.length : (x.get(id) ?? 0));
  }
  row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
  const step = CARD.width + GAP.x;
  const at = row.map((id) => wanted.get(id) ?? 0);
  for (let place = 1; place < at.length; place++)
    at[place] = Math.max(at[place] as number, (at[place - 1] as number) + step);
  // What had to move right moves the whole row half of it back.
  const moved = row.reduce((sum, id, place) => sum + (at[place] as number) - (wanted.get(id) ?? 0), 0) / row.length;
  for (const [place, id] of row.entries()) x.set(id, (at[place] as number) - moved);
}

/** The first way out of a branch leans to the left, the last to the right. */
function lean(id: string, other: string, ways: Ways): number {
  const tos = ways.get(other) ?? [];
  const place = tos.indexOf(id);
  return place < 0 || tos.length < 2 ? 0 : (place - (tos.length - 1) / 2) * (CARD.width + GAP.x) * 0.5;
}
