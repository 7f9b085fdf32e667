import { CheckCircleOutlined, CloseCircleOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import type { Version } from "./queries";
import type { Kind } from "./types";

/** On which carriers it can go as it is, and what keeps it off the others. */
export function FitsList({ fits, kind }: { fits: Version["fits"]; kind: Kind }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (fits.length === 0) return null;
  return (
    <section className="fits" aria-label={t("content.fits")} aria-live="polite">
      <h2>{t("content.fits")}</h2>
      <ul>
        {fits.map((one) => (
          <li key={one.carrier} className={one.fits ? "good" : "bad"}>
            <span aria-hidden="true">{one.fits ? <CheckCircleOutlined /> : <CloseCircleOutlined />}</span>
            <strong>{f.label(one.name)}</strong>
            <span className="small muted">
              {one.fits
                ? t("content.fits_yes")
                : one.faults
                    .slice(0, 2)
                    .map((fault) => `${fieldName(t, fault.field, kind)}${f.label(fault.message)}`)
                    .join(t("content.semicolon"))}
              {one.faults.length > 2 && ` …${t("content.and_n", { n: one.faults.length - 2 })}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function fieldName(t: (key: string, values?: Record<string, unknown>) => string, field: string, _: Kind): string {
  const name = /^body\.([a-z]+)$/.exec(field)?.[1];
  return name ? `${t(`content.field_${name}`)}${t("content.colon")}` : "";
}
