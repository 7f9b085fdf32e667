import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { TraitType, Value } from "@/api/types";
import { Choice } from "../rules/Choice";
import { useRules } from "../rules/context";
import { DateBox } from "../rules/DateBox";
import { NumberBox } from "../rules/NumberBox";

type Props = { type: TraitType | null; value: Value | undefined; onChange: (value: Value | undefined) => void };

/** What a customer without a value has. */
export function DefaultInput({ type, value, onChange }: Props) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  const label = t("traits.default");
  return (
    <span className="row tight">
      <span className="muted small">{label}</span>
      {type === "number" || type === "money" ? (
        <NumberBox label={label} value={value as number | undefined} money={type === "money"} onChange={onChange} />
      ) : type === "time" ? (
        <DateBox label={label} value={value as string | undefined} onChange={(next) => onChange(next)} />
      ) : type === "boolean" ? (
        <Choice
          label={label}
          value={String(value ?? false)}
          width={80}
          options={["true", "false"].map((v) => ({ value: v, label: t(v === "true" ? "traits.yes" : "traits.no") }))}
          onChange={(v) => onChange(v === "true")}
        />
      ) : (
        <Input
          aria-label={label}
          value={(value as string | undefined) ?? ""}
          disabled={disabled}
          onChange={(e) => onChange(e.target.value || undefined)}
          style={{ width: 140 }}
        />
      )}
    </span>
  );
}
