// What a piece says. The API document leaves a body open, so its shape is told here once.

export type Kind = "text" | "image" | "link" | "mini_program" | "file" | "video" | "article";
export type Purpose = "promotion" | "value" | "service" | "feedback";
export type PieceStatus = "draft" | "in_review" | "approved" | "retired";
export type Carrier = "wecom" | "official_account" | "mini_program" | "sms" | "email" | "webhook";

export type Notice = { template_id?: string; values?: Record<string, string>; page?: string; appid?: string };
export type Body = {
  text?: string;
  title?: string;
  desc?: string;
  url?: string;
  picture?: string;
  file?: string;
  video?: string;
  appid?: string;
  page?: string;
  html?: string;
  author?: string;
  subject?: string;
  sms?: { template?: string; params?: Record<string, string> };
  notices?: Record<string, Notice>;
  tracked?: boolean;
};
