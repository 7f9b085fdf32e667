import type { Tone } from "@/ui/Chip";
import type { ClaimState, Offer, OfferDraft, OfferForm, OfferStatus } from "./queries";

export const STATUS_TONE: Record<OfferStatus, Tone> = { draft: "plain", live: "pine", paused: "ochre", ended: "plain" };
export const STATE_TONE: Record<ClaimState, Tone> = {
  given: "indigo",
  used: "pine",
  ended: "plain",
  void: "ochre",
  no_prize: "plain",
};
export const REASONS = [
  "not_eligible",
  "none_left",
  "day_limit",
  "budget",
  "limit",
  "coupon",
  "not_begun",
  "not_live",
  "over",
] as const;
export const FORMS: Record<"benefit" | "service" | "scene", OfferForm[]> = {
  benefit: ["coupon", "gift", "trial", "draw"],
  service: ["tutorial", "group"],
  scene: ["logistics", "consultation"],
};
export const COUPONED: OfferForm[] = ["coupon", "gift", "trial", "logistics", "consultation"];
export const MILLION = 1_000_000;

export const BLANK: OfferDraft = {
  name: "",
  form: "coupon",
  title: "",
  words: "",
  for_whom: "",
  source_id: null,
  coupon_id: null,
  piece_id: null,
  join_way_id: null,
  way_account_id: null,
  way_id: null,
  rule: null,
  event: "",
  event_days: null,
  stock: null,
  per_day: null,
  budget_fen: null,
  begins_at: null,
  ends_at: null,
  prizes: [],
};

export function draftOf(offer: Offer): OfferDraft {
  const kept = Object.keys(BLANK).map((key) => [key, offer[key as keyof Offer]]);
  const prizes = offer.prizes.map(({ name, coupon_id, stock, odds_ppm }) => ({ name, coupon_id, stock, odds_ppm }));
  return { ...(Object.fromEntries(kept) as OfferDraft), prizes };
}

/** Odds as people say them: 0.1 %, 12.5 %. */
export const percent = (ppm: number) => `${Number((ppm / 10_000).toFixed(4))}%`;
