import type { Tone } from "@/ui/Chip";

/** Colours of the house: pine is well, ochre asks for a look, cinnabar is loss. */
export const STATUS_TONE: Record<string, Tone> = {
  connected: "pine",
  paused: "plain",
  unreachable: "ochre",
  restricted: "cinnabar",
  bad_credentials: "cinnabar",
};

export const GREETING_TONE: Record<string, Tone> = {
  sent: "pine",
  attempting: "indigo",
  late: "cinnabar",
  refused: "ochre",
};

export const PRODUCTS_WITH_STAFF = new Set(["wecom"]);

export const RECONCILED = new Set(["wecom", "official_account"]);

/** A mark for each carrier: one character, drawn, no trade marks. */
export const MARK: Record<string, string> = {
  wecom: "企",
  official_account: "公",
  mini_program: "小",
  email: "邮",
  sms: "短",
  webhook: "钩",
  youzan: "赞",
  wechat_shop: "店",
  order_webhook: "单",
};

/** Random text of a WeCom callback key: 43 letters and digits (AES key in Base64 without its last sign), or a token. */
export function randomKey(length: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const limit = 256 - (256 % letters.length);
  let made = "";
  while (made.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < limit && made.length < length) made += letters[byte % letters.length];
    }
  }
  return made;
}

/** How long a key that we may make ourselves has to be; null for what only the carrier can give. */
export function ownKeyLength(name: string): number | null {
  if (name === "encoding_aes_key") return 43;
  if (name === "callback_token" || name === "token") return 24;
  return null;
}
