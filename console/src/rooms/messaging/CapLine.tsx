import { InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Cap, Quota, Window } from "./policy";
import { CARRIERS, PURPOSES } from "./words";

type Props<T extends Cap> = { cap: T; number: number; faults: string[]; onChange: (cap: T) => void };
const WINDOWS: Window[] = ["rolling", "day", "week", "month"];

/** One cap as a sentence with blanks: at most so many, of what, where, within which time. */
export function CapLine<T extends Cap>({ cap, number, faults, onChange }: Props<T>) {
  const { t } = useTranslation();
  const quota = "per" in cap ? (cap as unknown as Quota) : null;
  const label = (name: string) => t("messaging.line_label", { n: number, name: t(`messaging.cap_${name}`) });
  const set = (change: Partial<Quota>) => onChange({ ...cap, ...change });
  const carriers = CARRIERS.map((value) => ({ value: value as string, label: t(`content.carrier_${value}`) }));
  return (
    <div className="cap-line">
      <Select
        value={cap.carrier ?? ""}
        aria-label={label("carrier")}
        onChange={(carrier) => set({ carrier: carrier || null })}
        options={quota ? carriers : [{ value: "", label: t("messaging.all_carriers") }, ...carriers]}
      />
      {quota ? (
        <Select
          value={quota.per}
          aria-label={label("per")}
          onChange={(per) => set({ per })}
          options={(["account", "staff"] as const).map((value) => ({ value, label: t(`messaging.per_${value}`) }))}
        />
      ) : (
        <Select
          value={cap.purpose ?? ""}
          aria-label={label("purpose")}
          onChange={(purpose) => set({ purpose: purpose || null })}
          options={[
            { value: "", label: t("messaging.any_message") },
            ...PURPOSES.map((value) => ({ value: value as string, label: t(`messaging.purpose_${value}`) })),
          ]}
        />
      )}
      <Select
        value={cap.window}
        aria-label={label("window")}
        onChange={(window) =>
          set({ window, days: window === "rolling" ? (cap.days ?? 7) : null, at_most: cap.at_most ?? 1 })
        }
        options={WINDOWS.map((value) => ({ value, label: t(`messaging.window_${value}`) }))}
      />
      {cap.window === "rolling" && (
        <InputNumber
          min={1}
          max={366}
          suffix={t("messaging.unit_days")}
          value={cap.days}
          aria-label={label("days")}
          onChange={(days) => set({ days: days ?? 1 })}
        />
      )}
      <InputNumber
        min={0}
        max={1000}
        prefix={t("messaging.at_most")}
        suffix={t("messaging.unit_messages")}
        placeholder={cap.window === "month" ? t("messaging.days_of_month") : undefined}
        value={cap.at_most}
        aria-label={label("at_most")}
        onChange={(at_most) => set({ at_most: at_most ?? (cap.window === "month" ? null : 0) })}
      />
      {faults.map((words) => (
        <span key={words} className="field-error" role="alert">
          {words}
        </span>
      ))}
    </div>
  );
}
