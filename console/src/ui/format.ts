// The one place where numbers, money, dates and shares become text. Pure; `useFormat` binds brand and language.

import type { Language } from "@/locales";

export const NOTHING = "–";
type Maybe<T> = T | null | undefined;

const formats = new Map<string, Intl.NumberFormat>();
function numberFormat(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(language, options);
    formats.set(key, found);
  }
  return found;
}

export function formatCount(value: Maybe<number>, language: Language, digits = 0): string {
  if (value == null || Number.isNaN(value)) return NOTHING;
  return numberFormat(language, { maximumFractionDigits: digits }).format(value);
}

const SCALES: Record<Language, [number, string][]> = {
  "zh-CN": [
    [1e8, "亿"],
    [1e4, "万"],
  ],
  en: [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ],
};

/** 12,345 → 1.23万 / 12.3k. Numbers below 10,000 stay whole: they fit and are easier to trust. */
export function formatShort(value: Maybe<number>, language: Language): string {
  if (value == null || Number.isNaN(value)) return NOTHING;
  const size = Math.abs(value);
  if (size < 10_000) return numberFormat(language, { maximumFractionDigits: size < 100 ? 1 : 0 }).format(value);
  for (const [unit, suffix] of SCALES[language]) {
    if (size >= unit) {
      return (
        numberFormat(language, { maximumSignificantDigits: 4, maximumFractionDigits: 2 }).format(value / unit) + suffix
      );
    }
  }
  return String(value);
}

export function currencySymbol(currency: string, language: Language): string {
  const parts = numberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(
    0,
  );
  return parts.find((part) => part.type === "currency")?.value ?? currency;
}

export function formatMoney(fen: Maybe<number>, currency: string, language: Language): string {
  if (fen == null || Number.isNaN(fen)) return NOTHING;
  return numberFormat(language, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(fen / 100);
}

export function formatMoneyShort(fen: Maybe<number>, currency: string, language: Language): string {
  if (fen == null || Number.isNaN(fen)) return NOTHING;
  const sign = fen < 0 ? "-" : "";
  return sign + currencySymbol(currency, language) + formatShort(Math.abs(fen) / 100, language);
}

export function formatRate(rate: Maybe<number>, language: Language, digits = 1): string {
  if (rate == null || Number.isNaN(rate)) return NOTHING;
  return numberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(rate);
}

export function formatChange(rate: Maybe<number>, language: Language): string {
  if (rate == null || Number.isNaN(rate)) return NOTHING;
  return numberFormat(language, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(rate);
}

const pad = (value: string) => value.padStart(2, "0");

function zoned(at: string, zone: string): Record<string, string> {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(at));
  return Object.fromEntries(parts.map((part) => [part.type, pad(part.value)]));
}

/** A UTC instant as wall-clock time of the brand: 2026-11-23 09:05. */
export function formatTime(at: Maybe<string>, zone: string): string {
  if (!at || Number.isNaN(Date.parse(at))) return NOTHING;
  const part = zoned(at, zone);
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}`;
}

/** The time of day of a UTC instant at the brand, to the second: 09:05:41. */
export function formatClock(at: Maybe<string>, zone: string): string {
  if (!at || Number.isNaN(Date.parse(at))) return NOTHING;
  const part = zoned(at, zone);
  return `${part.hour}:${part.minute}:${part.second}`;
}

/** The brand's local date of a UTC instant; a plain local date (`_on`) passes through untouched. */
export function formatDate(at: Maybe<string>, zone: string): string {
  if (!at) return NOTHING;
  if (/^\d{4}-\d{2}-\d{2}$/.test(at)) return at;
  return formatTime(at, zone).slice(0, 10);
}

export function formatBytes(bytes: Maybe<number>): string {
  if (bytes == null) return NOTHING;
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}

export function formatSeconds(seconds: Maybe<number>, language: Language): string {
  if (seconds == null) return NOTHING;
  const zh = language === "zh-CN";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return zh ? `${whole} 秒` : `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return zh ? `${minutes} 分钟` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return zh ? `${hours} 小时 ${minutes % 60} 分` : `${hours} h ${minutes % 60} min`;
}
