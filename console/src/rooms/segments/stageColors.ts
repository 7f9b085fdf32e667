import type { Stage } from "@/api/types";
import { type Theme, useTheme } from "@/shell/theme";

// From living pine through ochre to cinnabar; people who never bought are grey.
const COLORS: Record<Theme, Record<Stage, string>> = {
  light: {
    prospect: "#b9b2a2",
    new: "#7095cc",
    active: "#0e6b62",
    slowing: "#7fae8f",
    at_risk: "#d99a3a",
    dormant: "#c98468",
    lost: "#a5412e",
  },
  dark: {
    prospect: "#5d6a6b",
    new: "#8db1e6",
    active: "#4fb8a8",
    slowing: "#86a98c",
    at_risk: "#dca54e",
    dormant: "#c5826a",
    lost: "#cf6450",
  },
};

export const useStageColors = (): Record<Stage, string> => COLORS[useTheme()];
