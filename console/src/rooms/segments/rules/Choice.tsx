import { Select } from "antd";
import { useRules } from "./context";

type Option<V> = { value: V; label: string; note?: string };
type Props<V> = {
  label: string;
  value: V | undefined;
  options: Option<V>[];
  onChange: (value: V) => void;
  width?: number;
  placeholder?: string;
  search?: boolean;
};

const filter = (typed: string, option?: { label?: unknown; value?: unknown }) =>
  `${option?.label ?? ""} ${option?.value ?? ""}`.toLowerCase().includes(typed.toLowerCase());

/** A select that is named for screen readers and as wide as it needs to be. */
export function Choice<V extends string | number>({
  label,
  value,
  options,
  onChange,
  width,
  placeholder,
  search,
}: Props<V>) {
  const { disabled } = useRules();
  return (
    <Select<V>
      aria-label={label}
      value={value}
      placeholder={placeholder ?? label}
      onChange={onChange}
      options={options}
      disabled={disabled}
      showSearch={search || options.length > 9 ? { filterOption: filter } : false}
      popupMatchSelectWidth={false}
      style={{ width: width ?? 132 }}
    />
  );
}

type ManyProps = {
  label: string;
  value: (string | number)[];
  options: Option<string | number>[];
  onChange: (value: (string | number)[]) => void;
  free?: boolean;
};

export function Choices({ label, value, options, onChange, free }: ManyProps) {
  const { disabled } = useRules();
  return (
    <Select
      mode={free ? "tags" : "multiple"}
      aria-label={label}
      value={value}
      placeholder={label}
      onChange={onChange}
      options={options}
      disabled={disabled}
      showSearch={{ filterOption: filter }}
      tokenSeparators={free ? [",", "，", "、"] : undefined}
      popupMatchSelectWidth={false}
      maxTagCount={8}
      className="rule-many"
    />
  );
}
