// One sequential scale, paper → pine, for every heat map. Square root, so that small cells stay apart.

/** A share 0..1 as background and a text colour that stays readable on it, in both themes. */
export function heat(share: number | null | undefined): { background: string; color: string } | undefined {
  if (share == null || Number.isNaN(share)) return undefined;
  const level = Math.sqrt(Math.min(1, Math.max(0, share)));
  const percent = Math.round(4 + level * 92);
  return {
    background: `color-mix(in oklab, var(--heat-1) ${percent}%, var(--heat-0))`,
    color: percent > 55 ? "var(--heat-ink-1)" : "var(--ink)",
  };
}
