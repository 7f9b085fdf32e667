import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Rule } from "@/api/types";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { closed } from "../rules/tree";
import type { usePreview } from "./usePreview";

/** How many people, of how many, and the rule in a sentence of each language. */
export function LivePanel({ preview, rule }: { preview: ReturnType<typeof usePreview>; rule: Rule }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { data, stale, open, faults, error } = preview;
  const broken = error && faults.length === 0;
  return (
    <section className="panel live" aria-live="polite" aria-busy={stale}>
      <p className="figure-label">{t("segments.matching")}</p>
      <p className={stale || !data ? "live-count num stale" : "live-count num"}>{f.count(data?.count)}</p>
      <p className="row spread small muted">
        <span>{t("segments.of_base", { base: f.count(data?.base_count), share: f.rate(data?.share_rate) })}</span>
        {data && !stale && <span className="num">{t("segments.elapsed", { ms: f.count(data.elapsed_ms) })}</span>}
      </p>
      <Bar value={data?.share_rate ?? 0} />
      {open > 0 && <p className="live-wait">{t("segments.open_rows", { count: open })}</p>}
      {faults.length > 0 && <p className="rule-fault">{t("segments.has_faults", { count: faults.length })}</p>}
      {broken && <ProblemView error={error} retry={preview.retry} compact />}
      {data && (
        <div className={stale ? "sentence stale" : "sentence"}>
          <p lang="zh-CN">{data.sentence.zh}</p>
          <p lang="en" className="muted">
            {data.sentence.en}
          </p>
        </div>
      )}
      {data && may("customers.read") && (
        <Link className="small" to={`/customers?filter=${encodeURIComponent(JSON.stringify(closed(rule)))}`}>
          {t("segments.see_people")} →
        </Link>
      )}
    </section>
  );
}
