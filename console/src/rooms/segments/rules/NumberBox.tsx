import { InputNumber } from "antd";
import { useFormat } from "@/ui/useFormat";
import { useRules } from "./context";

type Props = {
  label: string;
  value: number | undefined;
  onChange: (value: number) => void;
  money?: boolean;
  min?: number;
  width?: number;
  suffix?: string;
};

/** A number; money is typed in the brand's currency and kept in fen. */
export function NumberBox({ label, value, onChange, money, min, width = 92, suffix }: Props) {
  const f = useFormat();
  const { disabled } = useRules();
  return (
    <InputNumber
      aria-label={label}
      value={value === undefined ? undefined : money ? value / 100 : value}
      onChange={(next) => next !== null && onChange(money ? Math.round(Number(next) * 100) : Number(next))}
      prefix={money ? f.symbol : undefined}
      suffix={suffix}
      min={min}
      precision={money ? 2 : undefined}
      disabled={disabled}
      controls={false}
      style={{ width: money ? width + 34 : suffix ? width + 24 : width }}
    />
  );
}

type RangeProps = { label: string; value: number[]; onChange: (value: number[]) => void; money?: boolean };

export function NumberRange({ label, value, onChange, money }: RangeProps) {
  const [low, high] = value;
  return (
    <span className="row tight">
      <NumberBox label={`${label} ≥`} value={low} money={money} onChange={(next) => onChange([next, high as number])} />
      <span aria-hidden="true">–</span>
      <NumberBox label={`${label} ≤`} value={high} money={money} onChange={(next) => onChange([low as number, next])} />
    </span>
  );
}
