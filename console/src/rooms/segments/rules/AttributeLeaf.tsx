import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { AttributeKind, AttributeRule, Value } from "@/api/types";
import { useWords } from "@/rooms/customers/words";
import { useFormat } from "@/ui/useFormat";
import { Choice, Choices } from "./Choice";
import { useRules } from "./context";
import { DateBox } from "./DateBox";
import { NumberBox, NumberRange } from "./NumberBox";
import { OPERATORS, valueShape } from "./operators";
import { WindowInput } from "./WindowInput";

type Props = { rule: AttributeRule; put: (rule: AttributeRule, field?: string) => void };

export function AttributeLeaf({ rule, put }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary } = useRules();
  const known = vocabulary.attributes.find((attribute) => attribute.field === rule.field);
  const kind: AttributeKind = known?.kind ?? "text";
  const operators = (OPERATORS[kind] ?? OPERATORS.text).filter(
    (op) => !rule.field.startsWith("trait:") || !(op.startsWith("held_") || op === "includes"),
  );
  const fields = vocabulary.attributes.map((a) => ({
    value: a.field,
    label: f.label(a.name) || a.field.replace(/^custom:/, ""),
  }));
  if (rule.field && !known) fields.push({ value: rule.field, label: rule.field });
  const choose = (field: string) => {
    const next = vocabulary.attributes.find((a) => a.field === field)?.kind ?? "text";
    const op = OPERATORS[next]?.[0] ?? "is";
    put(fresh(field, op));
  };
  return (
    <>
      <Choice
        label={t("segments.field")}
        value={rule.field || undefined}
        options={fields}
        onChange={choose}
        search
        width={140}
      />
      {rule.field && (
        <>
          <Choice
            label={t("segments.op")}
            value={rule.op}
            width={118}
            options={[...new Set([...operators, rule.op])].map((op) => ({ value: op, label: t(`segments.op_${op}`) }))}
            onChange={(op) => put(valueShape(op) === valueShape(rule.op) ? { ...rule, op } : fresh(rule.field, op))}
          />
          <AttributeValue rule={rule} kind={kind} put={put} />
        </>
      )}
    </>
  );
}

function fresh(field: string, op: string): AttributeRule {
  const shape = valueShape(op);
  const rule: AttributeRule = { kind: "attribute", field, op };
  if (shape === "window") return { ...rule, window: { last: 30, unit: "day" } };
  if (shape === "many") return { ...rule, value: [] };
  if (shape === "days") return { ...rule, value: 7 };
  return shape === "held" ? { ...rule, seconds: 7 * 86_400 } : rule;
}

function AttributeValue({ rule, kind, put }: Props & { kind: AttributeKind }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary, disabled } = useRules();
  const word = useWords();
  const label = t("segments.value");
  const options = (vocabulary.attributes.find((a) => a.field === rule.field)?.options ?? []).map((o) => ({
    value: o.value,
    label: word(rule.field, f.label(o.name) || o.value),
  }));
  const set = (value: Value) => put({ ...rule, value }, "value");
  const shape = valueShape(rule.op);
  const list = Array.isArray(rule.value) ? rule.value : [];
  switch (shape) {
    case "none":
      return null;
    case "window":
      return <WindowInput required value={rule.window} onChange={(window) => put({ ...rule, window }, "window")} />;
    case "many":
      return <Choices label={label} value={list} options={options} free={options.length === 0} onChange={set} />;
    case "days":
      return (
        <NumberBox label={label} value={rule.value as number} min={0} onChange={set} suffix={t("segments.unit_day")} />
      );
    case "range":
      if (kind === "date") {
        return (
          <span className="row tight">
            <DateBox
              label={t("segments.window_from")}
              value={list[0] as string}
              onChange={(from) => set([from ?? "", (list[1] as string) ?? ""])}
            />
            <span aria-hidden="true">–</span>
            <DateBox
              label={t("segments.window_until_day")}
              value={list[1] as string}
              onChange={(to) => set([(list[0] as string) ?? "", to ?? ""])}
            />
          </span>
        );
      }
      return <NumberRange label={label} value={list as number[]} money={kind === "money"} onChange={set} />;
    default:
      break;
  }
  const single =
    kind === "date" ? (
      <DateBox label={label} value={rule.value as string} onChange={(value) => set(value ?? null)} />
    ) : kind === "number" || kind === "money" ? (
      <NumberBox label={label} value={rule.value as number | undefined} money={kind === "money"} onChange={set} />
    ) : kind === "boolean" ? (
      <Choice
        label={label}
        value={rule.value === undefined ? undefined : String(rule.value)}
        width={90}
        options={["true", "false"].map((v) => ({ value: v, label: t(`segments.bool_${v}`) }))}
        onChange={(v) => set(v === "true")}
      />
    ) : options.length > 0 ? (
      <Choice label={label} value={rule.value as string | undefined} options={options} onChange={set} />
    ) : (
      <Input
        aria-label={label}
        placeholder={label}
        value={(rule.value as string) ?? ""}
        disabled={disabled}
        onChange={(e) => set(e.target.value)}
        style={{ width: 170 }}
      />
    );
  if (shape !== "held") return single;
  return (
    <>
      {single}
      <NumberBox
        label={t("segments.held_days")}
        value={(rule.seconds ?? 0) / 86_400}
        min={0}
        suffix={t("segments.unit_day")}
        onChange={(days) => put({ ...rule, seconds: Math.round(days * 86_400) }, "seconds")}
      />
    </>
  );
}
