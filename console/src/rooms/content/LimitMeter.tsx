import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { useFormat } from "@/ui/useFormat";

type Props = { label: string; used: number; limit: number; unit: "bytes" | "characters" | "parts" };

/** How much of a carrier's limit is used up, and how much is left, while it is written. */
export function LimitMeter({ label, used, limit, unit }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const left = limit - used;
  return (
    <div className={left < 0 ? "limit-meter over" : "limit-meter"}>
      <span>{label}</span>
      <Bar value={limit ? used / limit : 1} tone={left < 0 ? "cinnabar" : left < limit * 0.1 ? "ochre" : "pine"} />
      <span className="num">
        {left < 0 ? t(`content.over_${unit}`, { n: f.count(-left) }) : t(`content.left_${unit}`, { n: f.count(left) })}
      </span>
    </div>
  );
}
