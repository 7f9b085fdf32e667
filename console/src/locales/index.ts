// Language: one bundle is loaded at a time; switching does not reload the page. Keys are `<room>.<key>`.

import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export type Language = "zh-CN" | "en";
export const LANGUAGES: Language[] = ["zh-CN", "en"];

const bundles: Record<Language, () => Promise<{ default: object }>> = {
  "zh-CN": () => import("./zh-CN"),
  en: () => import("./en"),
};

/** Texts of pages that not everybody opens: they come with the first of these pages. */
const late = {
  acquire: { "zh-CN": () => import("./zh-CN/acquire"), en: () => import("./en/acquire") },
  cost: { "zh-CN": () => import("./zh-CN/cost"), en: () => import("./en/cost") },
  referral: { "zh-CN": () => import("./zh-CN/referral"), en: () => import("./en/referral") },
} satisfies Record<string, Record<Language, () => Promise<{ default: object }>>>;
export type Late = keyof typeof late;
const needed = new Set<Late>();

async function fetchTexts(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", (await bundles[language]()).default);
  }
  for (const name of needed) {
    const { default: rooms } = await late[name][language]();
    const there = i18next.getResourceBundle(language, "translation");
    if (!Object.keys(rooms).every((room) => room in there))
      i18next.addResourceBundle(language, "translation", rooms, true, false);
  }
}

/** Call it before a page is shown whose texts are in a bundle of their own. */
export async function needTexts(name: Late): Promise<void> {
  needed.add(name);
  // The page that is opened first is fetched before there is a language: then it comes with that.
  if (i18next.isInitialized) await fetchTexts(currentLanguage());
}

export function storedLanguage(): Language {
  try {
    return localStorage.getItem("siyu.language") === "en" ? "en" : "zh-CN";
  } catch {
    return "zh-CN";
  }
}

export const currentLanguage = (): Language => (i18next.language === "en" ? "en" : "zh-CN");

export async function setLanguage(language: Language): Promise<void> {
  await fetchTexts(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem("siyu.language", language);
  } catch {
    // The choice then lasts until the page is closed.
  }
}

export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: storedLanguage(),
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
    // A text that is missing is a fault, and is told where faults are looked for. A code with words of its own is none.
    saveMissing: true,
    missingKeyHandler: (_languages, _namespace, key, _shown, _update, options) => {
      if (options?.defaultValue === undefined) console.error(`no text for ${key}`);
    },
  });
  await setLanguage(storedLanguage());
}
