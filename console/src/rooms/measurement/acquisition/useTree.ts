import { useMemo, useState } from "react";
import type { SourceRow } from "./shapes";
import { worth } from "./sourceColumns";

export type TreeRow = { row: SourceRow; depth: number; children: boolean; open: boolean };

/** The sources as a tree that is unfolded level by level; siblings in the order that is asked for. */
export function useTree(items: SourceRow[], sort: string) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(() => flattened(items, sort, open), [items, sort, open]);
  const toggle = (id: number) =>
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return { rows, toggle, sort };
}

export function flattened(items: SourceRow[], sort: string, open: ReadonlySet<number>): TreeRow[] {
  const key = sort.replace(/^-/, "");
  const down = sort.startsWith("-") ? -1 : 1;
  const ids = new Set(items.map((one) => one.source_id));
  const under = new Map<number, SourceRow[]>();
  for (const one of items) {
    const at = one.parent_id != null && ids.has(one.parent_id) ? one.parent_id : 0;
    under.set(at, [...(under.get(at) ?? []), one]);
  }
  const compare = (a: SourceRow, b: SourceRow) => {
    const [x, y] = [worth(a, key), worth(b, key)];
    return (x < y ? -1 : x > y ? 1 : 0) * down || a.source_id - b.source_id;
  };
  const walk = (parent: number, depth: number): TreeRow[] =>
    (under.get(parent) ?? []).toSorted(compare).flatMap((row) => {
      const children = under.has(row.source_id);
      const isOpen = children && open.has(row.source_id);
      return [{ row, depth, children, open: isOpen }, ...(isOpen ? walk(row.source_id, depth + 1) : [])];
    });
  return walk(0, 0);
}
