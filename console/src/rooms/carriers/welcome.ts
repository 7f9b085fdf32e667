// Content of a welcome in the carrier's own form, as the editor and the preview know it.

export type LinkPart = { title: string; url: string; desc: string; picurl: string };
export type Attachment = { msgtype: string; [kind: string]: unknown };
export type WelcomeContent = { text: string; attachments: Attachment[] };

export const NAME_PLACE = "{客户昵称}";
export const TEXT_BYTES = 4000;

export function contentOf(content: Record<string, unknown>): WelcomeContent {
  return {
    text: typeof content.text === "string" ? content.text : "",
    attachments: Array.isArray(content.attachments) ? (content.attachments as Attachment[]) : [],
  };
}

export const partOf = (attachment: Attachment): Record<string, string> =>
  (attachment[attachment.msgtype] ?? {}) as Record<string, string>;

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export const newLink = (): Attachment => ({ msgtype: "link", link: { title: "", url: "", desc: "", picurl: "" } });
