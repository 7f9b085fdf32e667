import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import type { SourceRow } from "./shapes";

/** Return on a yuan with its interval, on one scale for all rows; the line in it is 100 %: a yuan back for a yuan. */
export function Roi({ row, top }: { row: SourceRow; top: number }) {
  const f = useFormat();
  const { t } = useTranslation();
  if (row.roi == null) return <span className="muted">{t("returns.not_known")}</span>;
  const low = row.roi_low ?? row.roi;
  const high = row.roi_high ?? row.roi;
  const scale = Math.max(top, 1) * 1.02;
  const place = (value: number) => `${Math.min(100, Math.max(0, (value / scale) * 100)).toFixed(1)}%`;
  const tone = low >= 1 ? "up" : high < 1 ? "down" : "open";
  const said = t("returns.between", { low: f.rate(low, 0), high: f.rate(high, 0) });
  return (
    <span className={`roi ${tone}`} title={said}>
      <span>
        {f.rate(row.roi, 0)} <span className="visually-hidden">{said}</span>
      </span>
      <span className="roi-track" aria-hidden="true">
        <i className="roi-one" style={{ left: place(1) }} />
        <i className="roi-bar" style={{ left: place(low), right: `calc(100% - ${place(high)})` }} />
        <i className="roi-point" style={{ left: place(row.roi) }} />
      </span>
    </span>
  );
}
