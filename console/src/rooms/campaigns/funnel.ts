import { useTranslation } from "react-i18next";
import type { FunnelStep } from "@/ui/ReasonFunnel";
import { useReasonWords } from "./reasons";

type Numbers = { audience: number; told: number; reasons: Record<string, number>; control?: number };

/** Audience, then who is taken out and why, the most first, then who is left. The control comes last: it is drawn among those who are left. */
export function useFunnelSteps() {
  const { t } = useTranslation();
  const reasons = useReasonWords();
  return ({ audience, told, reasons: out, control }: Numbers): FunnelStep[] => {
    const held = control ?? out.holdout ?? 0;
    return [
      { key: "audience", label: t("campaigns.audience"), count: audience },
      ...Object.entries(out)
        .filter(([reason]) => reason !== "holdout")
        .toSorted((a, b) => b[1] - a[1])
        .map(([reason, count]) => ({
          key: reason,
          label: reasons.name(reason),
          note: reasons.advice(reason),
          count,
          out: true,
        })),
      ...(held
        ? [
            {
              key: "holdout",
              label: t("campaigns.control"),
              note: t("campaigns.control_note"),
              count: held,
              out: true,
            },
          ]
        : []),
      { key: "told", label: t("campaigns.will_be_told"), count: told },
    ];
  };
}
