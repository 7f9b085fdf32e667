import { expect, it } from "vitest";
import { contrast, heatColors } from "@/ui/heat";

it("keeps text readable on every step of the scale, in both themes", () => {
  for (const theme of ["light", "dark"] as const) {
    for (let step = 0; step <= 100; step++) {
      const { background, color } = heatColors(step / 100, theme);
      expect(contrast(background, color)).toBeGreaterThanOrEqual(4.5);
    }
  }
});
