import { theme as antd, type ThemeConfig } from "antd";
import { FONT, PALETTE, type Theme } from "./theme";

/** `still`: no motion at all. Popups wait for their motion before they are placed, so it must be off here, not only in the style sheet. */
export function antdTheme(theme: Theme, still: boolean): ThemeConfig {
  const p = PALETTE[theme];
  return {
    algorithm: theme === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: p.pine,
      colorInfo: p.indigo,
      // The dark algorithm dims its seeds; this one is lifted so that the text on buttons keeps its contrast.
      colorError: theme === "dark" ? "#ffa592" : p.cinnabar,
      colorWarning: p.ochre,
      colorSuccess: p.pine,
      colorLink: p.pine,
      colorText: p.ink,
      colorTextBase: p.ink,
      colorTextSecondary: p.muted,
      colorTextDescription: p.muted,
      colorTextPlaceholder: p.muted,
      colorTextTertiary: p.muted,
      colorBgBase: p.card,
      colorBgContainer: p.raised,
      colorBgElevated: p.raised,
      colorBgLayout: p.ground,
      colorBorder: theme === "dark" ? "#3d5053" : "#cfc8b8",
      colorBorderSecondary: p.hair,
      colorSplit: p.hair,
      borderRadius: 8,
      controlHeight: 32,
      fontSize: 14,
      fontFamily: FONT,
      motion: !still,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.15s",
      wireframe: false,
    },
    components: {
      Button: { primaryColor: p.onPine, primaryShadow: "none", defaultShadow: "none", fontWeight: 500 },
      Tooltip: { colorBgSpotlight: "#12343b", colorTextLightSolid: "#f3efe4" },
      Modal: { titleFontSize: 17 },
      Tabs: { titleFontSize: 14, horizontalMargin: "0 0 14px 0" },
      Segmented: {
        itemSelectedBg: theme === "dark" ? "#33494d" : p.card,
        trackBg: theme === "dark" ? "#22333680" : "#ebe6da",
      },
    },
  };
}
