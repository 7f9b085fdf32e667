import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { SourceRow } from "./shapes";

/** From who came to who bought twice: people, and what of the step before came on. */
export function Funnel({ row, title, className }: { row: SourceRow; title: string; className?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const steps: { key: string; count: number; of: number; young?: number }[] = [
    { key: "scanned", count: row.scanned, of: row.scanned },
    { key: "added", count: row.added, of: row.scanned },
    { key: "kept_1d", count: row.kept_1d, of: row.aged_1d, young: row.added - row.aged_1d },
    { key: "kept_7d", count: row.kept_7d, of: row.aged_7d, young: row.added - row.aged_7d },
    { key: "kept_30d", count: row.kept_30d, of: row.aged_30d, young: row.added - row.aged_30d },
    { key: "reachable", count: row.reachable, of: row.added },
    { key: "first_orders", count: row.first_orders, of: row.added },
    { key: "second_orders", count: row.second_orders, of: row.first_orders },
  ];
  const top = Math.max(1, row.scanned, row.added);
  return (
    <Panel title={t("returns.funnel", { name: title })} hint={t("returns.funnel_hint")} className={className}>
      <ol className="acq-funnel">
        {steps.map((one, at) => (
          <li key={one.key}>
            <span>{t(`returns.${one.key}`)}</span>
            <Bar value={one.count / top} tone={at > 5 ? "pine" : "indigo"} />
            <span className="num">{f.count(one.count)}</span>
            <span className="num muted small">
              {at === 0 ? "" : f.rate(one.of > 0 ? one.count / one.of : null)}
              {one.young ? <i title={t("returns.too_young", { n: f.count(one.young) })}> *</i> : null}
            </span>
          </li>
        ))}
      </ol>
      {steps.some((one) => one.young) && <p className="muted small">* {t("returns.young_note")}</p>}
    </Panel>
  );
}
