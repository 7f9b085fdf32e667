import { useTranslation } from "react-i18next";
import type { Label } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { useFormat } from "@/ui/useFormat";

type Counts = Record<string, number>;
type Stay = { what: string; name: Label; why: Label; count: number | null };
type Receipt = {
  removed?: Record<string, Counts>;
  copied?: Record<string, Counts>;
  corrected?: Counts;
  stays?: Stay[];
};

/** What was done, counted by place; what stays and why; whether the signature holds. */
export function ReceiptView({ receipt, genuine }: { receipt: Record<string, unknown>; genuine: boolean | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  const told = receipt as Receipt;
  const places = Object.entries(told.removed ?? told.copied ?? {}).filter(([, part]) => Object.keys(part).length > 0);
  return (
    <section className="stack">
      <h3 className="row">
        {t("rights.receipt")}
        <Chip tone={genuine ? "pine" : "cinnabar"}>{t(genuine ? "rights.genuine" : "rights.not_genuine")}</Chip>
      </h3>
      {told.corrected && <p>{t("rights.corrected", told.corrected)}</p>}
      {places.map(([place, part]) => (
        <details key={place}>
          <summary>
            {t(`rights.place_${place}`)} · {f.count(Object.values(part).reduce((a, b) => a + b, 0))}
          </summary>
          <ul className="plain-list">
            {Object.entries(part).map(([name, count]) => (
              <li key={name}>
                <code>{name}</code> {f.count(count)}
              </li>
            ))}
          </ul>
        </details>
      ))}
      {told.stays && (
        <>
          <h4>{t("rights.stays")}</h4>
          <ul className="plain-list">
            {told.stays.map((one) => (
              <li key={one.what}>
                <strong>{f.label(one.name)}</strong>
                {one.count != null && ` (${f.count(one.count)})`} <span className="muted">{f.label(one.why)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
