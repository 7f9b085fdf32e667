import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "@/api/types";
import type { Language } from "@/locales";
import { useBrand } from "@/shell/session";
import * as format from "./format";

/** Formatters bound to the brand's currency and zone and to the chosen language. */
export function useFormat() {
  const { i18n } = useTranslation();
  const { currency, time_zone } = useBrand();
  const language: Language = i18n.language === "en" ? "en" : "zh-CN";
  return useMemo(
    () => ({
      language,
      currency,
      count: (value: number | null | undefined, digits?: number) => format.formatCount(value, language, digits),
      short: (value: number | null | undefined) => format.formatShort(value, language),
      money: (fen: number | null | undefined) => format.formatMoney(fen, currency, language),
      moneyShort: (fen: number | null | undefined) => format.formatMoneyShort(fen, currency, language),
      rate: (rate: number | null | undefined, digits?: number) => format.formatRate(rate, language, digits),
      change: (rate: number | null | undefined) => format.formatChange(rate, language),
      time: (at: string | null | undefined) => format.formatTime(at, time_zone),
      clock: (at: string | null | undefined) => format.formatClock(at, time_zone),
      date: (at: string | null | undefined) => format.formatDate(at, time_zone),
      bytes: format.formatBytes,
      seconds: (seconds: number | null | undefined) => format.formatSeconds(seconds, language),
      label: (label: Label | null | undefined) => (label ? (language === "en" ? label.en : label.zh) : ""),
      symbol: format.currencySymbol(currency, language),
    }),
    [language, currency, time_zone],
  );
}

export type Format = ReturnType<typeof useFormat>;
