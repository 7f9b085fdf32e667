// A campaign's plan as the wizard edits it, and which step of the wizard each field belongs to.

import type { CampaignPlan } from "@/api/types";

export const STEPS = ["what", "who", "restraint", "how", "when", "proof", "review"] as const;
export type Step = (typeof STEPS)[number];

const STEP_OF: Record<string, Step> = {
  name: "what",
  description: "what",
  purpose: "what",
  priority_fen: "what",
  variants: "what",
  winner: "proof",
  audience: "who",
  carriers: "how",
  accounts: "how",
  per_minute: "how",
  starts: "when",
  valid_hours: "when",
  waves: "when",
  control_rate: "proof",
  use_global_holdout: "proof",
  window_days: "proof",
  covariate_days: "proof",
  reading: "proof",
};

/** `plan.waves.0.stop_if` → the step where it is put right. */
export const stepOf = (field: string): Step =>
  STEP_OF[field.replace(/^(plan|body)\./, "").split(/[.[]/)[0] ?? ""] ?? "review";

/** Letters a, b, c …: what variants are called. */
export const letter = (place: number): string => String.fromCharCode(97 + place);

/** Equal shares that add up to exactly 1. */
export function evenShares(count: number): number[] {
  const share = Math.floor(10_000 / count) / 10_000;
  return Array.from({ length: count }, (_, place) => (place ? share : Number((1 - share * (count - 1)).toFixed(4))));
}

/** One share was changed: the others keep their proportions and all add up to 1 again. */
export function withShare(shares: number[], place: number, wanted: number): number[] {
  const mine = Math.min(1, Math.max(0, wanted));
  const rest = shares.reduce((sum, share, at) => (at === place ? sum : sum + share), 0);
  const others = shares.length - 1;
  const next = shares.map((share, at) =>
    at === place ? mine : Number((rest ? (share / rest) * (1 - mine) : (1 - mine) / others).toFixed(4)),
  );
  const last = place === shares.length - 1 ? shares.length - 2 : shares.length - 1;
  if (last >= 0)
    next[last] = Number((1 - next.reduce((sum, share, at) => (at === last ? sum : sum + share), 0)).toFixed(4));
  return next;
}

type Waves = CampaignPlan["waves"];

/** What stops a campaign unless somebody decides otherwise. */
export const STOPS = { block_rate: 0.01, complaint_rate: 0.003, failure_rate: 0.2, least_sent: 200 };

/** All at once, or a small wave first and the rest after a while. */
export function wavesOf(kind: "once" | "small_first" | "thirds", now: Waves): Waves {
  const stop_if = now[0]?.stop_if ?? STOPS;
  if (kind === "once") return [{ share: 1, wait_hours: 0, stop_if }];
  if (kind === "small_first")
    return [
      { share: 0.1, wait_hours: 24, stop_if },
      { share: 0.9, wait_hours: 0, stop_if },
    ];
  return [
    { share: 0.2, wait_hours: 24, stop_if },
    { share: 0.3, wait_hours: 24, stop_if },
    { share: 0.5, wait_hours: 0, stop_if },
  ];
}

export const waveKind = (waves: Waves): "once" | "small_first" | "thirds" =>
  waves.length <= 1 ? "once" : waves.length === 2 ? "small_first" : "thirds";
