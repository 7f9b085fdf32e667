import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CustomerRow } from "@/api/types";
import { StageChip } from "@/ui/Chip";
import { useFormat } from "@/ui/useFormat";

export function SampleTab({ sample, stale }: { sample: CustomerRow[] | undefined; stale: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (!sample?.length)
    return <p className="muted small">{t(sample ? "segments.sample_none" : "segments.sample_wait")}</p>;
  return (
    <ul className={stale ? "people stale" : "people"}>
      {sample.map((row) => (
        <li key={row.id}>
          <Link to={`/customers/${row.id}`} target="_blank">
            {row.name || t("customers.nameless", { id: row.id })}
          </Link>
          <StageChip stage={row.stage} />
          <span className="num small muted">
            {t("ui.orders", { n: f.count(row.order_count), count: row.order_count })}
          </span>
          <span className="num">{f.money(row.spend_fen)}</span>
        </li>
      ))}
    </ul>
  );
}
