import type { Campaign } from "@/api/types";

/** What planning found about the people of all waves of a campaign so far. */
export type Decided = {
  audience: number;
  excluded: number;
  allow: number;
  wait: number;
  reasons: Record<string, number>;
  waits: Record<string, number>;
  carriers: Record<string, number>;
  accounts: Record<string, number>;
  variants: Record<string, number>;
};

const number = (value: unknown): number => (typeof value === "number" ? value : 0);

function added(into: Record<string, number>, more: unknown): void {
  for (const [name, count] of Object.entries((more ?? {}) as Record<string, number>))
    into[name] = (into[name] ?? 0) + count;
}

export function decidedOf(campaign: Campaign): Decided {
  const all: Decided = {
    audience: 0,
    excluded: 0,
    allow: 0,
    wait: 0,
    reasons: {},
    waits: {},
    carriers: {},
    accounts: {},
    variants: {},
  };
  for (const { decided } of campaign.waves) {
    for (const name of ["audience", "excluded", "allow", "wait"] as const) all[name] += number(decided[name]);
    for (const name of ["reasons", "waits", "carriers", "accounts", "variants"] as const)
      added(all[name], decided[name]);
  }
  return all;
}

/** Numbers of the sends of its waves. */
export const sendsOf = (campaign: Campaign): number[] =>
  campaign.waves.flatMap((wave) => (wave.send_id === null ? [] : [wave.send_id]));
