import type { Tone } from "@/ui/Chip";
import type { Body, Carrier, Kind, PieceStatus, Purpose } from "./types";

export const KINDS: Kind[] = ["text", "image", "link", "mini_program", "file", "video", "article"];
export const PURPOSES: Purpose[] = ["promotion", "value", "service", "feedback"];
export const STATUSES: PieceStatus[] = ["draft", "in_review", "approved", "retired"];
export const CARRIERS: Carrier[] = ["wecom", "official_account", "mini_program", "sms", "email", "webhook"];

export const PURPOSE_TONE: Record<Purpose, Tone> = {
  promotion: "ochre",
  value: "pine",
  service: "indigo",
  feedback: "indigo",
};

export const STATUS_TONE: Record<string, Tone> = {
  draft: "plain",
  in_review: "indigo",
  approved: "pine",
  rejected: "cinnabar",
  retired: "plain",
};

/** What each kind asks for, in the order in which it is written. */
export const FIELDS: Record<Kind, (keyof Body)[]> = {
  text: ["text"],
  image: ["picture", "text"],
  link: ["title", "desc", "url", "picture", "text"],
  mini_program: ["title", "appid", "page", "picture", "text"],
  file: ["file", "text"],
  video: ["video", "text"],
  article: ["title", "author", "desc", "picture", "html"],
};

/** A carrier that cannot carry a kind at all is not looked at while it is written. */
export const CARRIES: Record<Carrier, Kind[]> = {
  wecom: KINDS,
  official_account: ["text", "image", "link", "mini_program", "video", "article"],
  mini_program: KINDS,
  sms: ["text", "link", "article"],
  email: KINDS,
  webhook: KINDS,
};
