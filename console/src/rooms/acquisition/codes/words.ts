import type { Tone } from "@/ui/Chip";
import type { Code, Plan } from "./queries";

export const HEALTH_TONE: Record<string, Tone> = {
  good: "pine",
  making: "indigo",
  falls_back: "ochre",
  unanswered: "ochre",
  groups_full: "ochre",
  closed: "plain",
};
/** Everything else is trouble. */
export const toneOf = (health: string): Tone => HEALTH_TONE[health] ?? "cinnabar";

export const STATE_TONE: Record<string, Tone> = {
  receives: "pine",
  falls_back: "ochre",
  full: "ochre",
  absent: "cinnabar",
};

export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

export const blankPlan = (): Plan => ({ receivers: [], shifts: [], fallback: [], balance: "lot" });

export const qrOf = (code: Pick<Code, "id">, format: "svg" | "png" = "svg", pixels = 1000) =>
  `/api/v1/acquisition/codes/${code.id}/qr?format=${format}&pixels=${pixels}`;

export const PAGE_TONE = { draft: "plain", live: "pine", closed: "ochre" } as const;
