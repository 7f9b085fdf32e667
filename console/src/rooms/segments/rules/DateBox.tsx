import { DatePicker } from "antd";
import dayjs from "dayjs";
import { useRules } from "./context";

type Props = { label: string; value: string | undefined; onChange: (value: string | undefined) => void };

/** A local date `YYYY-MM-DD`. */
export function DateBox({ label, value, onChange }: Props) {
  const { disabled } = useRules();
  const day = value && /^\d{4}-\d{2}-\d{2}/.test(value) ? dayjs(value.slice(0, 10)) : null;
  return (
    <DatePicker
      aria-label={label}
      placeholder={label}
      value={day}
      onChange={(next) => onChange(next ? next.format("YYYY-MM-DD") : undefined)}
      disabled={disabled}
      style={{ width: 136 }}
    />
  );
}
