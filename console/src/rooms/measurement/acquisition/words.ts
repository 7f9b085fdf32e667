// Names and colours of the reports of true cost.

import "@/styles/returns.css";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { PALETTE, Theme } from "@/shell/theme";
import type { Bucket } from "./shapes";

/** What is back is pine, what is expected a lighter pine, what is gone from ochre over cinnabar to grey. The same as `.b-…` in the styles. */
export function bucketColours(p: (typeof PALETTE)[Theme]): Record<Bucket, string> {
  const mixed = (a: string, share: number) => {
    const part = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
    const one = (at: number) => Math.round(part(a, at) * share + part(p.card, at) * (1 - share));
    return `rgb(${one(1)} ${one(3)} ${one(5)})`.replace(/ /g, ",");
  };
  return {
    paid_back: p.pine,
    on_the_way: mixed(p.pine, 0.45),
    anyway: mixed(p.indigo, 0.8),
    never_bought: mixed(p.ochre, 0.4),
    deal_hunter: mixed(p.ochre, 0.95),
    zombie: mixed(p.cinnabar, 0.4),
    lost_7d: mixed(p.cinnabar, 0.95),
    never_added: mixed(p.muted, 0.6),
  };
}

/** A source's own name; money of none is said to be of none. */
export function useSourceName() {
  const { t } = useTranslation();
  return useCallback(
    (source: { source_id: number; name: string }) =>
      source.name || (source.source_id ? `#${source.source_id}` : t("returns.no_source")),
    [t],
  );
}
