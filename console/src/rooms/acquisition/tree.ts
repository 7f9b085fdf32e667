// The tree of sources, which comes as a list in which each follows what it hangs under.

import { LEVELS, type Source } from "./queries";

export const ancestors = (source: Source): number[] => source.path.split("/").filter(Boolean).map(Number);

export const depth = (source: Source): number => ancestors(source).length - 1;

/** 抖音 / 春促 / 开屏 */
export function placeOf(source: Source, all: Map<number, Source>): string {
  return ancestors(source)
    .map((id) => all.get(id)?.name ?? "")
    .filter(Boolean)
    .join(" / ");
}

export const byId = (sources: Source[]): Map<number, Source> => new Map(sources.map((one) => [one.id, one]));

export const mayHang = (source: Pick<Source, "level">, parent: Source): boolean =>
  LEVELS.indexOf(source.level) > LEVELS.indexOf(parent.level);

/** Those whose name holds the words, with all they hang under; everything without words. */
export function found(sources: Source[], words: string): Source[] {
  const sought = words.trim().toLowerCase();
  if (!sought) return sources;
  const kept = new Set(
    sources
      .filter((one) => one.name.toLowerCase().includes(sought) || one.owner.toLowerCase().includes(sought))
      .flatMap(ancestors),
  );
  return sources.filter((one) => kept.has(one.id));
}

/** Without those that hang under one that is folded. */
export const unfolded = (sources: Source[], folded: Set<number>): Source[] =>
  sources.filter((one) => !ancestors(one).some((id) => id !== one.id && folded.has(id)));
