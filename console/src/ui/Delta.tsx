import { useTranslation } from "react-i18next";
import { useFormat } from "./useFormat";

/** A change against the period before: an arrow, a sign and a word, so colour is never the only carrier. */
export function Delta({ rate, lessIsBetter }: { rate: number | null | undefined; lessIsBetter?: boolean }) {
  const f = useFormat();
  const { t } = useTranslation();
  if (rate == null) return <span className="muted small">{t("ui.no_compare")}</span>;
  const good = lessIsBetter ? rate < 0 : rate > 0;
  const tone = Math.abs(rate) < 0.0005 ? "flat" : good ? "good" : "bad";
  return (
    <span className={`delta ${tone} num`}>
      {tone === "flat" ? "" : rate > 0 ? "▲ " : "▼ "}
      {f.change(rate)}
    </span>
  );
}
