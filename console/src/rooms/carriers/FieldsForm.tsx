import { Button, Input, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { CarrierField } from "@/api/types";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { ownKeyLength, randomKey } from "./words";

export type Values = Record<string, string>;

type Props = {
  fields: CarrierField[];
  values: Values;
  onChange: (values: Values) => void;
  faults: Record<string, string>;
  /** An existing account: secrets may be left empty and then stay. */
  kept?: boolean;
};

/** The fields that a carrier wants, with where to find each. */
export function FieldsForm({ fields, values, onChange, faults, kept }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const set = (name: string, value: string) => onChange({ ...values, [name]: value });
  return (
    <>
      {fields.map((field) => {
        const label = (
          <>
            {f.label(field.label)} {!field.required && <span className="muted small">{t("ui.optional")}</span>}
          </>
        );
        const length = ownKeyLength(field.name);
        return (
          <div key={field.name} className="field-row">
            <Field label={label} help={f.label(field.help)} error={faults[field.name]}>
              <Control
                field={field}
                value={values[field.name] ?? ""}
                kept={kept}
                onChange={(v) => set(field.name, v)}
              />
            </Field>
            {length !== null && (
              <Button size="small" onClick={() => set(field.name, randomKey(length))}>
                {t("carriers.generate", { name: f.label(field.label) })}
              </Button>
            )}
          </div>
        );
      })}
    </>
  );
}

function Control({
  field,
  value,
  kept,
  onChange,
}: {
  field: CarrierField;
  value: string;
  kept?: boolean;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = f.label(field.label);
  if (field.pattern === "(true|false)?" || field.pattern === "true|false") {
    const on = (value || field.default) === "true";
    return (
      <span>
        <Switch checked={on} aria-label={name} onChange={(checked) => onChange(checked ? "true" : "false")} />
      </span>
    );
  }
  const options = choices(field.pattern);
  if (options) {
    return (
      <Select
        aria-label={name}
        value={value || field.default || undefined}
        onChange={onChange}
        options={options.map((one) => ({ value: one, label: one }))}
      />
    );
  }
  const common = {
    value,
    autoComplete: "off",
    spellCheck: false,
    onChange: (e: { target: { value: string } }) => onChange(e.target.value),
    required: field.required && !kept,
  };
  if (field.name.endsWith("definition")) return <Input.TextArea {...common} rows={4} />;
  if (field.secret) {
    return (
      <Input.Password
        {...common}
        autoComplete="new-password"
        placeholder={kept ? t("carriers.secret_kept") : undefined}
      />
    );
  }
  return <Input {...common} placeholder={field.default} />;
}

/** `a|b|c` is a choice. */
function choices(pattern: string): string[] | null {
  const bare = pattern.replace(/^\(\??:?/, "").replace(/\)\??$/, "");
  return /^[\w-]+(\|[\w-]+)+$/.test(bare) ? bare.split("|") : null;
}

/** Settings that are but numbers with a default are limits; they are shown apart. */
export const isLimit = (field: CarrierField): boolean => /^\d+$/.test(field.default) && !field.required;
