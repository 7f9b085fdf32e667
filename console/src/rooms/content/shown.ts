// What a phone shows of a piece: the parts that the server has filled in for one customer, over what was written.

import { sample } from "./template";
import type { Body, Notice } from "./types";

const WORDS = ["text", "title", "desc", "url", "subject", "html", "page", "appid"] as const;

/** Before anybody's values are known: fall-backs, or the variables' names. */
export function sampled(body: Body): Body {
  const words = Object.fromEntries(
    WORDS.map((name) => [name, body[name]] as const)
      .filter(([, value]) => value)
      .map(([name, value]) => [name, sample(value as string)]),
  );
  const notices = Object.fromEntries(
    Object.entries(body.notices ?? {}).map(([product, notice]) => [product, withValues(notice, notice.values ?? {})]),
  );
  return { ...body, ...words, notices };
}

const withValues = (notice: Notice, values: Record<string, string>): Notice => ({
  ...notice,
  values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, sample(value)])),
});

/** The body with one customer's parts: `values.thing1` and `params.code` stand in the carrier's template. */
export function filled(body: Body, carrier: string, parts: Record<string, unknown>): Body {
  const base = sampled(body);
  const next: Body = { ...base };
  const values: Record<string, string> = { ...base.notices?.[carrier]?.values };
  const params: Record<string, string> = { ...base.sms?.params };
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value !== "string") continue;
    if (name.startsWith("values.")) values[name.slice(7)] = value;
    else if (name.startsWith("params.")) params[name.slice(7)] = value;
    else if ((WORDS as readonly string[]).includes(name)) Object.assign(next, { [name]: value });
  }
  if (base.notices?.[carrier]) next.notices = { ...base.notices, [carrier]: { ...base.notices[carrier], values } };
  if (base.sms) next.sms = { ...base.sms, params };
  return next;
}
