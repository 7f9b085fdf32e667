import { useTranslation } from "react-i18next";
import type { Suggestion } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

const MOST_BITS = 20;

/** Why: what each comparison says, as a bar to the right (one person) or to the left (two). */
export function Evidence({ reasons }: { reasons: Suggestion["reasons"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const told = reasons.filter((reason) => reason.level !== "nothing");
  return (
    <ul className="evidence" aria-label={t("identity.why")}>
      {told.map((reason) => {
        const share = Math.min(1, Math.abs(reason.weight_bits) / MOST_BITS) * 50;
        const speaksFor = reason.weight_bits >= 0;
        return (
          <li key={reason.field}>
            <span>{t(`identity.field_${reason.field}`, { defaultValue: reason.field })}</span>
            <span className="muted">{f.label(reason.level_name)}</span>
            <span className="scale" aria-hidden="true">
              <i
                className={speaksFor ? "for" : "against"}
                style={{ width: `${share}%`, [speaksFor ? "left" : "right"]: "50%" }}
              />
            </span>
            <span className="num">
              {speaksFor ? "+" : "−"}
              {Math.abs(reason.weight_bits).toFixed(1)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
