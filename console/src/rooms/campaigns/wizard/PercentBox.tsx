import { InputNumber } from "antd";

type Props = {
  label: string;
  value: number | null;
  onChange: (rate: number | null) => void;
  digits?: number;
  most?: number;
  /** Empty is an answer of its own: no limit. */
  empty?: boolean;
  disabled?: boolean;
};

/** A share 0..1, typed in percent. */
export function PercentBox({ label, value, onChange, digits = 1, most = 1, empty, disabled }: Props) {
  return (
    <InputNumber
      className="inline-number"
      aria-label={label}
      min={0}
      max={most * 100}
      precision={digits}
      value={value === null ? null : Number((value * 100).toFixed(digits))}
      suffix="%"
      onChange={(percent) => {
        if (percent !== null || empty) onChange(percent === null ? null : Number((percent / 100).toFixed(6)));
      }}
      disabled={disabled}
    />
  );
}
