import { useTranslation } from "react-i18next";
import type { Bucket } from "./shapes";

type Part = { bucket: Bucket; yuan: number; amount_fen: number };
type Props = {
  parts: Part[];
  /** With it every part is a button that opens the people behind it. */
  open?: (bucket: Bucket) => void;
};

/** Narrower parts are too small to be tapped; the line of each below the bar opens the same. */
const TAPPED = 8;

/** A hundred yuan as one bar. */
export function SplitBar({ parts, open }: Props) {
  const { t } = useTranslation();
  const there = parts.filter((one) => one.amount_fen > 0);
  const said = (one: Part) =>
    t("returns.bucket_said", {
      name: t(`returns.b_${one.bucket}`),
      n: one.yuan === 0 ? t("returns.under_a_yuan") : one.yuan,
    });
  if (!open)
    return (
      <div className="split-bar" role="img" aria-label={there.map(said).join(" · ")}>
        {there.map((one) => (
          <span key={one.bucket} style={{ flexGrow: one.amount_fen }}>
            <i className={`b-${one.bucket}`}>{one.yuan >= 5 && one.yuan}</i>
          </span>
        ))}
      </div>
    );
  return (
    <ul className="split-bar tall" aria-label={t("returns.split")}>
      {there.map((one) => (
        <li key={one.bucket} style={{ flexGrow: one.amount_fen }}>
          {one.yuan >= TAPPED ? (
            <button type="button" className={`b-${one.bucket}`} onClick={() => open(one.bucket)} aria-label={said(one)}>
              <span aria-hidden="true">{one.yuan}</span>
            </button>
          ) : (
            <i className={`b-${one.bucket}`} title={said(one)} />
          )}
        </li>
      ))}
    </ul>
  );
}
