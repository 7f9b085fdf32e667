import type { Tone } from "@/ui/Chip";

/** What a message is or became, in the order of the way it goes. */
export const MESSAGE_STATUSES = [
  "received",
  "sent",
  "attempting",
  "planned",
  "unknown",
  "refused",
  "failed",
  "displaced",
  "released",
  "cancelled",
] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

export const MESSAGE_TONE: Record<MessageStatus, Tone> = {
  received: "pine",
  sent: "pine",
  attempting: "indigo",
  planned: "plain",
  unknown: "ochre",
  refused: "cinnabar",
  failed: "cinnabar",
  displaced: "plain",
  released: "plain",
  cancelled: "plain",
};

export const SEND_TONE: Record<string, Tone> = {
  planning: "indigo",
  ready: "pine",
  paused: "ochre",
  over: "plain",
  cancelled: "plain",
  failed: "cinnabar",
};

export const DISPATCH_TONE: Record<string, Tone> = {
  planned: "plain",
  claimed: "indigo",
  sent: "pine",
  refused: "cinnabar",
  failed: "cinnabar",
  unknown: "ochre",
  cancelled: "plain",
};

export const PURPOSE_TONE: Record<string, Tone> = {
  promotion: "ochre",
  value: "pine",
  service: "indigo",
  feedback: "indigo",
};

export const PURPOSES = ["promotion", "value", "service", "feedback"] as const;
export const CARRIERS = ["wecom", "official_account", "mini_program", "sms", "email", "webhook"] as const;
export const LIVE = ["planning", "ready"];
