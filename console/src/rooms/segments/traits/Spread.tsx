import { useTranslation } from "react-i18next";
import type { Distribution, TraitType } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { useFormat } from "@/ui/useFormat";
import { useTraitValue } from "./value";

type Bucket = Distribution["buckets"][number];

/** How a trait's values are spread: one labelled bar a bucket, with how many have a value at all. */
export function Spread({ spread, type }: { spread: Distribution; type: TraitType | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  const told = useTraitValue();
  const label = useBucketLabel(type);
  const most = Math.max(1, ...spread.buckets.map((bucket) => bucket.count));
  return (
    <div className="spread">
      <p className="small muted num">
        {t("traits.coverage", { known: f.count(spread.known_count), base: f.count(spread.base_count) })}
        {spread.mean != null && ` · ${t("traits.mean", { value: told(spread.mean, type) })}`}
        {spread.distinct_count != null &&
          ` · ${t("traits.distinct", { count: f.count(spread.distinct_count) as never })}`}
        {spread.smallest != null &&
          ` · ${t("traits.range", { low: told(spread.smallest, type), high: told(spread.largest, type) })}`}
      </p>
      {spread.buckets.length === 0 ? (
        <p className="muted">{t("traits.empty")}</p>
      ) : (
        <ul className="spread-bars">
          {spread.buckets.map((bucket) => (
            <li key={label(bucket)}>
              <span className="spread-label">{label(bucket)}</span>
              <Bar value={bucket.count / most} />
              <span className="num small">{f.count(bucket.count)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The bars alone, small enough for a row of a table. */
export function SmallSpread({ spread }: { spread: Distribution }) {
  const most = Math.max(1, ...spread.buckets.map((bucket) => bucket.count));
  return (
    <span className="spread-small" aria-hidden="true">
      {spread.buckets.slice(0, 16).map((bucket) => (
        <i key={`${bucket.low}:${bucket.value}`} style={{ height: `${Math.max(8, (bucket.count / most) * 100)}%` }} />
      ))}
    </span>
  );
}

function useBucketLabel(type: TraitType | null): (bucket: Bucket) => string {
  const { t } = useTranslation();
  const f = useFormat();
  const told = useTraitValue();
  return ({ low, high, value }) => {
    if (value !== null && value !== undefined) return typeof value === "boolean" ? told(value, "boolean") : value;
    if (type === "time") {
      if (low == null) return t("traits.future");
      return high == null
        ? t("traits.days_more", { low: f.count(low) })
        : t("traits.days_ago", { low: f.count(low), high: f.count(high) });
    }
    if (low == null) return t("traits.below");
    if (type === "number" && high === low + 1) return told(low, type);
    return high == null ? `≥ ${told(low, type)}` : t("traits.range", { low: told(low, type), high: told(high, type) });
  };
}
