import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { TraitType } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

/** Writes a trait's value as people read it: money in the brand's currency, times as days, true as yes. */
export function useTraitValue() {
  const { t } = useTranslation();
  const f = useFormat();
  return useCallback(
    (value: unknown, type: TraitType | null): string => {
      if (value === null || value === undefined) return "–";
      if (type === "boolean") return value ? t("traits.yes") : t("traits.no");
      if (type === "money") return f.money(Number(value));
      if (type === "number") return f.count(Number(value), Number.isInteger(value) ? 0 : 2);
      if (type === "time") return f.date(typeof value === "number" ? new Date(value).toISOString() : String(value));
      return String(value);
    },
    [t, f],
  );
}
