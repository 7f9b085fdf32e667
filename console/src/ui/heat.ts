// One sequential scale, paper → pine, for every heat map; the text on it is chosen to stay readable at every step.

import { type Theme, useTheme } from "@/shell/theme";

type Rgb = [number, number, number];
const ENDS: Record<Theme, { low: Rgb; high: Rgb; inks: Rgb[] }> = {
  light: {
    low: [244, 241, 232],
    high: [11, 90, 82],
    inks: [
      [28, 43, 47],
      [255, 255, 255],
      [0, 0, 0],
    ],
  },
  dark: {
    low: [29, 43, 46],
    high: [92, 196, 179],
    inks: [
      [232, 227, 215],
      [6, 33, 29],
      [255, 255, 255],
      [0, 0, 0],
    ],
  },
};
const READABLE = 4.5;
/** Below 1, so that the small cells stay apart. */
const GAMMA = 0.75;

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The colours of a share 0..1 of the largest cell. */
export function heatColors(share: number, theme: Theme): { background: Rgb; color: Rgb } {
  const { low, high, inks } = ENDS[theme];
  const level = Math.min(1, Math.max(0, share)) ** GAMMA;
  const background = low.map((part, index) => Math.round(part + (high[index]! - part) * level)) as Rgb;
  const best = inks.toSorted((a, b) => contrast(b, background) - contrast(a, background))[0]!;
  return { background, color: inks.find((ink) => contrast(ink, background) >= READABLE) ?? best };
}

const css = (color: Rgb): string => `rgb(${color.join(" ")})`;

export function useHeat(): (share: number | null | undefined) => { background: string; color: string } | undefined {
  const theme = useTheme();
  return (share) => {
    if (share == null || Number.isNaN(share)) return undefined;
    const { background, color } = heatColors(share, theme);
    return { background: css(background), color: css(color) };
  };
}
