import { Checkbox, InputNumber, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Values } from "../model/definition";
import { type DurationUnit, inUnit, SECONDS, said } from "../model/duration";

type Props = {
  label: string;
  unit: DurationUnit;
  value: number | undefined;
  min?: number;
  max?: number;
  onChange: (value: number | null) => void;
  disabled: boolean;
  /** The unit while nothing is typed. */
  usual?: DurationUnit;
};

const SHOWN: DurationUnit[] = ["minutes", "hours", "days", "weeks"];

/** How long, in the unit that people would use. */
export function DurationBox({ label, unit, value, min, max, onChange, disabled, usual = unit }: Props) {
  const { t } = useTranslation();
  const [picked, setPicked] = useState<DurationUnit | null>(null);
  const natural = value === undefined ? usual : said(value, unit).unit;
  const shownUnit = picked ?? natural;
  const units = SHOWN.includes(shownUnit) ? SHOWN : [shownUnit, ...SHOWN];
  return (
    <Space.Compact>
      <InputNumber
        aria-label={label}
        value={value === undefined ? null : inUnit(value, unit, shownUnit)}
        min={min === undefined ? 0 : inUnit(min, unit, shownUnit)}
        max={max === undefined ? undefined : inUnit(max, unit, shownUnit)}
        onChange={(next) => {
          setPicked(shownUnit);
          onChange(next === null ? null : inUnit(next, shownUnit, unit));
        }}
        disabled={disabled}
        style={{ width: 110 }}
      />
      <Select
        aria-label={t("journeys.unit_of", { label })}
        value={shownUnit}
        options={units.map((one) => ({ value: one, label: t(`journeys.unit_${one}`) }))}
        onChange={(next: DurationUnit) => {
          setPicked(next);
          if (value !== undefined) onChange(inUnit(inUnit(value, unit, shownUnit), next, unit));
        }}
        disabled={disabled}
        style={{ width: 96 }}
      />
    </Space.Compact>
  );
}

const PARTS = ["days", "hours", "minutes", "seconds"] as const;

type SpanProps = {
  label: string;
  /** Null: no limit. */
  value: Values | null;
  nullable?: boolean;
  onChange: (value: Values | null) => void;
  disabled: boolean;
};

/** A span that is kept in parts which add up. It is shown as one number and said in one unit again. */
export function SpanBox({ label, value, nullable, onChange, disabled }: SpanProps) {
  const { t } = useTranslation();
  const seconds = PARTS.reduce((sum, part) => sum + Number(value?.[part] ?? 0) * SECONDS[part], 0);
  const set = (next: number | null) => {
    if (next === null) return onChange({});
    const one = said(next, "seconds");
    onChange(one.unit === "weeks" ? { days: one.value * 7 } : { [one.unit]: one.value });
  };
  return (
    <span className="row tight">
      {nullable && (
        <Checkbox
          checked={value !== null}
          onChange={(e) => onChange(e.target.checked ? { days: 7 } : null)}
          disabled={disabled}
        >
          {t("journeys.limited")}
        </Checkbox>
      )}
      {value !== null && (
        <DurationBox
          label={label}
          unit="seconds"
          value={seconds || undefined}
          onChange={set}
          disabled={disabled}
          usual="days"
        />
      )}
    </span>
  );
}
