// The restraint policy as data, as the server reads it, and what tells two of them apart.

export type Window = "rolling" | "day" | "week" | "month";
export type Cap = {
  at_most: number | null;
  window: Window;
  days: number | null;
  purpose: string | null;
  carrier: string | null;
};
export type Quota = Cap & { per: "account" | "staff" };
export type Policy = {
  caps: Cap[];
  quotas: Quota[];
  mix: { promotion_per_value: number; free: number; days: number } | null;
  quiet: { from: string; to: string; then: "hold" | "refuse" } | null;
  cool_downs: { complaint_days: number; block_days: number; refund_days: number; ticket: boolean };
  exempt: { purposes: string[]; counts: boolean };
};

export const newCap = (): Cap => ({ at_most: 3, window: "rolling", days: 7, purpose: null, carrier: null });
export const newQuota = (): Quota => ({
  at_most: 1,
  window: "day",
  days: null,
  purpose: null,
  carrier: "wecom",
  per: "account",
});

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

/** The same data with the names in order: the server may write them in another one. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([key, each]) => [key, sorted(each)]),
    );
  return value;
}

/** Sentences that only one of the two says. */
export function difference(before: string[], after: string[]): { gone: string[]; come: string[] } {
  return { gone: before.filter((one) => !after.includes(one)), come: after.filter((one) => !before.includes(one)) };
}
