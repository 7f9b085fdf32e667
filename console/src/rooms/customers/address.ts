// The customer list as an address: search, filter, segment, sort, columns and view all live in the URL.

import { asRule, type Rule, type View } from "@/api/types";

export type ListState = {
  q: string;
  filter: Rule | null;
  segment: number | null;
  sort: string;
  columns: string[] | null;
  view: number | null;
};

export const DEFAULT_SORT = "-last_order_on";

export function parseRule(text: string | null): Rule | null {
  if (!text) return null;
  try {
    const rule: unknown = JSON.parse(text);
    return rule && typeof rule === "object" && typeof (rule as Rule).kind === "string" ? (rule as Rule) : null;
  } catch {
    return null;
  }
}

const positive = (text: string | null): number | null => {
  const number = Number(text);
  return text && Number.isInteger(number) && number > 0 ? number : null;
};

export function readAddress(params: URLSearchParams): ListState {
  const columns = params.get("columns")?.split(",").filter(Boolean) ?? [];
  return {
    q: params.get("q") ?? "",
    filter: parseRule(params.get("filter")),
    segment: positive(params.get("segment")),
    sort: params.get("sort") || DEFAULT_SORT,
    columns: columns.length ? columns : null,
    view: positive(params.get("view")),
  };
}

export function writeAddress(state: ListState): Record<string, string | null> {
  return {
    q: state.q || null,
    filter: state.filter ? JSON.stringify(state.filter) : null,
    segment: state.segment ? String(state.segment) : null,
    sort: state.sort === DEFAULT_SORT ? null : state.sort,
    columns: state.columns?.join(",") ?? null,
    view: state.view ? String(state.view) : null,
  };
}

export const fromView = (view: View): ListState => ({
  q: view.q ?? "",
  filter: view.filter && asRule(view.filter),
  segment: null,
  sort: view.sort || DEFAULT_SORT,
  columns: view.columns.length ? view.columns : null,
  view: view.id,
});

/** Does the list still show exactly what the view says? */
export function matchesView(state: ListState, view: View): boolean {
  const wanted = fromView(view);
  const plain = (s: ListState) => JSON.stringify([s.q, s.filter, s.segment, s.sort, s.columns]);
  return plain(state) === plain(wanted);
}
