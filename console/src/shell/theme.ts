// Ink and cinnabar. Colour means something: pine acts, ochre is promotion or a caution, cinnabar is loss, indigo is service.
// The same values stand in styles/tokens.css for our own elements; here they are handed to antd and to the charts.

import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

export const PALETTE = {
  light: {
    ground: "#f6f4ef",
    card: "#fffdf9",
    raised: "#fffefb",
    hair: "#e4dfd3",
    ink: "#1c2b2f",
    muted: "#566465",
    pine: "#0e6b62",
    ochre: "#8a5600",
    cinnabar: "#b83a26",
    indigo: "#3d5a99",
    onPine: "#ffffff",
    series: ["#0e6b62", "#7095cc", "#b87410", "#b83a26", "#5252cc", "#1f1f4c"],
  },
  dark: {
    ground: "#0f1719",
    card: "#162225",
    raised: "#1c2b2e",
    hair: "#2b3c3f",
    ink: "#e8e3d7",
    muted: "#9aacab",
    pine: "#4fb8a8",
    ochre: "#dca54e",
    cinnabar: "#ec8872",
    indigo: "#93aeea",
    onPine: "#06211d",
    series: ["#4fb8a8", "#8db1e6", "#dca54e", "#ec8872", "#a3a0f5", "#cfd0ee"],
  },
} as const;

const listeners = new Set<() => void>();
const read = (): Theme => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("siyu.theme", theme);
  } catch {
    // The choice then lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

export const useTheme = (): Theme =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, read);

export const FONT =
  '-apple-system, "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Segoe UI", sans-serif';
