// Changes of a drawn journey. Each gives a new definition and leaves the old one as it was: undo keeps them.

import type { Definition, Note, Point, StepNode, Values } from "./definition";

export type Clip = { nodes: Record<string, StepNode>; layout: Record<string, Point> };
export type EdgesOf = (node: StepNode, id: string) => readonly string[];

const NUMBERED = /^n(\d+)$/;

/** A name that no step has, nor had in a version: counts of another step must never show on it. */
export function freshId(definition: Definition, known: Iterable<string> = []): string {
  let most = 0;
  for (const id of [...Object.keys(definition.nodes), ...known])
    most = Math.max(most, Number(NUMBERED.exec(id)?.[1] ?? 0));
  return `n${most + 1}`;
}

export function added(definition: Definition, id: string, step: string, at: Point, settings: Values = {}): Definition {
  return {
    ...definition,
    nodes: { ...definition.nodes, [id]: { step, with: settings, to: {} } },
    start: definition.start ?? (Object.keys(definition.nodes).length === 0 ? id : null),
    layout: { ...definition.layout, [id]: at },
  };
}

export function changed(definition: Definition, id: string, part: Partial<StepNode>): Definition {
  const node = definition.nodes[id];
  return node ? { ...definition, nodes: { ...definition.nodes, [id]: { ...node, ...part } } } : definition;
}

/** An edge leads to a step, to the end (null), or nowhere yet (undefined). */
export function connected(
  definition: Definition,
  from: string,
  edge: string,
  to: string | null | undefined,
): Definition {
  const node = definition.nodes[from];
  if (!node) return definition;
  const { [edge]: _before, ...rest } = node.to ?? {};
  return changed(definition, from, { to: to === undefined ? rest : { ...rest, [edge]: to } });
}

export const started = (definition: Definition, start: string | null): Definition => ({ ...definition, start });

/** A step put into an edge: what the edge led to comes after it, by its first way out. */
export function inserted(
  definition: Definition,
  from: string | null,
  edge: string,
  made: { id: string; step: string; at: Point; settings?: Values; edges: readonly string[] },
): Definition {
  const before = from === null ? definition.start : definition.nodes[from]?.to?.[edge];
  let next = added(definition, made.id, made.step, made.at, made.settings);
  const onward = made.edges[0];
  if (onward !== undefined && before !== undefined && !(from === null && before === null))
    next = connected(next, made.id, onward, before);
  return from === null ? started(next, made.id) : connected(next, from, edge, made.id);
}

/** Takes steps out. Whoever led to a step with one way out now leads to where that way led. */
export function removed(definition: Definition, ids: Iterable<string>): Definition {
  const gone = new Set(ids);
  const next = (id: string | null | undefined, seen: Set<string> = new Set()): string | null | undefined => {
    if (id == null || !gone.has(id)) return id;
    if (seen.has(id)) return undefined;
    const ways = Object.values(definition.nodes[id]?.to ?? {});
    return ways.length === 1 ? next(ways[0], new Set([...seen, id])) : undefined;
  };
  const nodes: Record<string, StepNode> = {};
  for (const [id, node] of Object.entries(definition.nodes)) {
    if (gone.has(id)) continue;
    const ways = Object.entries(node.to ?? {});
    if (!ways.some(([, to]) => to !== null && gone.has(to))) {
      nodes[id] = node;
      continue;
    }
    const healed = ways.map(([edge, to]) => [edge, next(to)] as const).filter(([, to]) => to !== undefined);
    nodes[id] = { ...node, to: Object.fromEntries(healed) as Record<string, string | null> };
  }
  const layout = Object.fromEntries(Object.entries(definition.layout ?? {}).filter(([id]) => !gone.has(id)));
  return { ...definition, nodes, layout, start: next(definition.start) ?? null };
}

export function copied(definition: Definition, ids: Iterable<string>): Clip {
  const clip: Clip = { nodes: {}, layout: {} };
  for (const id of ids) {
    const node = definition.nodes[id];
    if (!node) continue;
    clip.nodes[id] = node;
    clip.layout[id] = definition.layout?.[id] ?? [0, 0];
  }
  return clip;
}

/** Copied steps under new names; edges among them stay, edges to others are open again. Answers the new names too. */
export function pasted(
  definition: Definition,
  clip: Clip,
  shift: Point,
  known: Iterable<string> = [],
): [Definition, string[]] {
  const names = new Map<string, string>();
  let next = definition;
  for (const id of Object.keys(clip.nodes)) {
    const name = freshId(next, known);
    names.set(id, name);
    next = { ...next, nodes: { ...next.nodes, [name]: clip.nodes[id] as StepNode } };
  }
  for (const [id, name] of names) {
    const ways = Object.entries(clip.nodes[id]?.to ?? {}).filter(([, to]) => to === null || names.has(to));
    const to = Object.fromEntries(ways.map(([edge, way]) => [edge, way === null ? null : (names.get(way) as string)]));
    const [x, y] = clip.layout[id] ?? [0, 0];
    next = changed(next, name, { to });
    next = { ...next, layout: { ...next.layout, [name]: [x + shift[0], y + shift[1]] } };
  }
  return [next, [...names.values()]];
}

export const placed = (definition: Definition, places: Record<string, Point>): Definition => ({
  ...definition,
  layout: { ...definition.layout, ...places },
});

export const withNotes = (definition: Definition, notes: Note[]): Definition => ({ ...definition, notes });

/** Where a step's ways have other names now (a wait for the outcome was chosen), what they led to goes over in order; the rest is dropped. */
export function tidied(definition: Definition, edgesOf: EdgesOf): Definition {
  let next = definition;
  for (const [id, node] of Object.entries(definition.nodes)) {
    const names = edgesOf(node, id);
    const ways = Object.entries(node.to ?? {});
    const lost = ways.filter(([edge]) => !names.includes(edge));
    if (lost.length === 0) continue;
    const free = names.filter((name) => !(name in (node.to ?? {})));
    const moved = lost.slice(0, free.length).map(([, to], at) => [free[at] as string, to] as const);
    next = changed(next, id, { to: Object.fromEntries([...ways.filter(([edge]) => names.includes(edge)), ...moved]) });
  }
  return next;
}

/** Steps in the order in which people come to them; those that nobody reaches are last. `edge`: by which way out of `from`. */
export type Line = { id: string; depth: number; from: string | null; edge: string | null };

export function inOrder(definition: Definition): Line[] {
  const lines: Line[] = [];
  const seen = new Set<string>();
  const walk = (id: string | null | undefined, depth: number, from: string | null, edge: string | null) => {
    if (id == null || seen.has(id) || !definition.nodes[id]) return;
    seen.add(id);
    lines.push({ id, depth, from, edge });
    const ways = Object.entries(definition.nodes[id]?.to ?? {});
    for (const [way, to] of ways) walk(to, depth + (ways.length > 1 ? 1 : 0), id, way);
  };
  walk(definition.start, 0, null, null);
  for (const id of Object.keys(definition.nodes)) walk(id, 0, null, null);
  return lines;
}
