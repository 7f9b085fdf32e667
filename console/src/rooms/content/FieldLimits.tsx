import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import { LimitMeter } from "./LimitMeter";
import type { Fits, Limit } from "./queries";
import { bytesOf, charactersOf, sample } from "./template";

type Props = { name: string; value: string; limits?: Limit[]; fits?: Fits };

/** Under a field: what each chosen carrier leaves of it, and what is wrong with it there. A fault of several carriers is told once. */
export function FieldLimits({ name, value, limits = [], fits }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const mine = limits.filter((one) => one.field === name);
  const said = sample(value);
  const faults = new Map<string, string[]>();
  for (const [carrier, found] of Object.entries(fits ?? {})) {
    for (const fault of found) {
      if (fault.field !== `body.${name}` || fault.limit != null) continue;
      const words = f.label(fault.message);
      faults.set(words, [...(faults.get(words) ?? []), t(`content.carrier_${carrier}`)]);
    }
  }
  return (
    <>
      {said && mine.length > 0 && (
        <div className="limit-meters">
          {mine.map((one) => (
            <LimitMeter
              key={one.carrier}
              label={t(`content.carrier_${one.carrier}`)}
              used={one.unit === "bytes" ? bytesOf(said) : charactersOf(said)}
              limit={one.most}
              unit={one.unit}
            />
          ))}
        </div>
      )}
      {[...faults].map(([words, carriers]) => (
        <p key={words} className="field-error" role="alert">
          {carriers.join(t("content.comma"))}
          {t("content.colon")}
          {words}
        </p>
      ))}
    </>
  );
}
