import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import type { Cap, Policy, Quota } from "./policy";

export type Chapter = { key: "caps" | "mix" | "quiet" | "cool_downs" | "quotas" | "exempt"; sentences: string[] };

/** A policy in plain words: what an operator would say of it, sentence by sentence. */
export function useSentences(): (policy: Policy) => Chapter[] {
  const { t } = useTranslation();
  const f = useFormat();
  return useMemo(() => {
    const within = (cap: Cap) =>
      cap.window === "rolling" ? t("messaging.within_days", { n: cap.days }) : t(`messaging.within_${cap.window}`);
    const what = (cap: Cap) => (cap.purpose ? t(`messaging.purpose_${cap.purpose}`) : t("messaging.any_message"));
    const carrier = (name: string) => t(`content.carrier_${name}`, { defaultValue: name });
    const cap = (one: Cap) =>
      t(one.carrier ? "messaging.say_cap_carrier" : "messaging.say_cap", {
        n: one.at_most,
        within: within(one),
        what: what(one),
        carrier: one.carrier ? carrier(one.carrier) : "",
      });
    const quota = (one: Quota) =>
      t(one.at_most === null ? "messaging.say_quota_month" : "messaging.say_quota", {
        n: one.at_most ?? "",
        within: within(one),
        carrier: carrier(one.carrier ?? ""),
        per: t(`messaging.per_${one.per}`),
      });
    return ({ caps, quotas, mix, quiet, cool_downs: cool, exempt }: Policy): Chapter[] => [
      { key: "caps", sentences: caps.length ? caps.map(cap) : [t("messaging.say_no_caps")] },
      {
        key: "mix",
        sentences: [
          mix
            ? t("messaging.say_mix", {
                days: mix.days,
                free: mix.free,
                ratio: f.count(mix.promotion_per_value, 2),
              })
            : t("messaging.say_no_mix"),
        ],
      },
      {
        key: "quiet",
        sentences: [
          quiet
            ? t(`messaging.say_quiet_${quiet.then}`, { from: quiet.from, to: quiet.to })
            : t("messaging.say_no_quiet"),
        ],
      },
      {
        key: "cool_downs",
        sentences: [
          ...(["complaint", "block", "refund"] as const)
            .filter((kind) => cool[`${kind}_days`] > 0)
            .map((kind) => t(`messaging.say_cool_${kind}`, { n: cool[`${kind}_days`] })),
          t(cool.ticket ? "messaging.say_cool_ticket" : "messaging.say_no_cool_ticket"),
        ],
      },
      { key: "quotas", sentences: quotas.length ? quotas.map(quota) : [t("messaging.say_no_quotas")] },
      {
        key: "exempt",
        sentences: [
          exempt.purposes.length
            ? t(exempt.counts ? "messaging.say_exempt_counts" : "messaging.say_exempt", {
                kinds: exempt.purposes.map((one) => t(`messaging.purpose_${one}`)).join(t("content.comma")),
              })
            : t("messaging.say_no_exempt"),
        ],
      },
    ];
  }, [t, f]);
}
