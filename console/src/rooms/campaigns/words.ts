import type { Tone } from "@/ui/Chip";

/** Colours of the house: pine acts, ochre asks for a look, cinnabar is loss, indigo is under way. */
export const STATUS_TONE: Record<string, Tone> = {
  draft: "plain",
  in_review: "ochre",
  approved: "indigo",
  scheduled: "indigo",
  running: "pine",
  paused: "ochre",
  over: "plain",
  cancelled: "plain",
};

/** Ochre is promotion and only promotion. */
export const PURPOSE_TONE: Record<string, Tone> = {
  promotion: "ochre",
  value: "pine",
  service: "indigo",
  feedback: "indigo",
};

export const PURPOSES = ["promotion", "value", "service", "feedback"] as const;
export const CARRIERS = ["wecom", "official_account", "mini_program", "sms", "email", "webhook"] as const;
/** Nobody has been told yet. */
export const PLANNED = ["draft", "in_review", "approved", "scheduled"];
export const LIVE = ["scheduled", "running", "paused"];
