import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import type { Condition, Values } from "../model/definition";
import { pickerOf, resolved, type Schema } from "../model/schema";
import { ConditionForm } from "./ConditionForm";
import { ContentBox } from "./ContentBox";
import { Control } from "./Control";
import { SpanBox } from "./DurationBox";
import { Group } from "./Group";
import { Rows } from "./Rows";

export type FormProps = {
  schema: Schema;
  defs: Record<string, Schema>;
  values: Values;
  /** Where these settings stand in the definition, as faults name it: `nodes.n2.with`. */
  place: string;
  faultOf: (place: string) => string | undefined;
  onChange: (values: Values, field: string) => void;
  disabled: boolean;
  /** A setting that is shown elsewhere. */
  hidden?: string;
};

/** Settings of a step, made from their schema: a control for each, with its words, its bounds and what is wrong with it. */
export function SchemaForm({ schema, defs, values, place, faultOf, onChange, disabled, hidden }: FormProps) {
  const { t } = useTranslation();
  const names = Object.keys(schema.properties ?? {});
  const has = (parts: readonly string[]) => parts.every((name) => names.includes(name));
  const span = has(SPAN);
  const condition = has(CONDITION);
  const content = has(CONTENT);
  const own = new Set<string>([
    ...NAMES_OF_WAYS,
    ...(hidden ? [hidden] : []),
    ...(span ? SPAN : []),
    ...(condition ? [...CONDITION, "where"] : []),
    ...(content ? CONTENT : []),
  ]);
  const without = (parts: Set<string>): Values =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !parts.has(name)));
  return (
    <div className="form">
      {span && (
        <Field label={t("journeys.set_span")} error={SPAN.map((part) => faultOf(`${place}.${part}`)).find(Boolean)}>
          <SpanBox
            label={t("journeys.set_span")}
            value={values}
            onChange={(next) => onChange({ ...without(new Set(SPAN)), ...next }, `${place}.span`)}
            disabled={disabled}
          />
        </Field>
      )}
      {content && (
        <Group label={t("journeys.set_content")} error={faultOf(`${place}.content`) ?? faultOf(`${place}.split`)}>
          <ContentBox
            content={(values.content as Record<string, { piece: number }>) ?? {}}
            split={(values.split as Record<string, number>) ?? {}}
            onChange={(next) => onChange({ ...values, ...next }, `${place}.content`)}
            disabled={disabled}
          />
        </Group>
      )}
      {condition && (
        <ConditionForm
          value={values as Condition}
          onChange={(next, field) => onChange({ ...next }, field)}
          place={place}
          faultOf={faultOf}
          disabled={disabled}
        />
      )}
      {names
        .filter((name) => !own.has(name) && schema.properties?.[name]?.const === undefined)
        .map((name) => (
          <Setting
            key={name}
            name={name}
            schema={schema.properties?.[name] as Schema}
            defs={defs}
            value={values[name]}
            needed={schema.required?.includes(name) ?? false}
            place={`${place}.${name}`}
            faultOf={faultOf}
            onChange={(value) => {
              const { [name]: _old, ...rest } = values;
              onChange(value === undefined ? rest : { ...rest, [name]: value }, `${place}.${name}`);
            }}
            event={eventOf(values)}
            disabled={disabled}
          />
        ))}
    </div>
  );
}

/** Shapes that many steps share have a control of their own. */
const SPAN = ["days", "hours", "minutes", "seconds"] as const;
const CONDITION = ["event", "segment", "left"] as const;
const CONTENT = ["content", "split"] as const;
/** What ways are called inside; people name them by \`name\`. */
const NAMES_OF_WAYS = ["edge", "otherwise"];

const eventOf = ({ event, name }: Values): string | null =>
  typeof event === "string" ? event : typeof name === "string" ? name : null;

export type SettingProps = {
  name: string;
  schema: Schema;
  defs: Record<string, Schema>;
  value: unknown;
  needed: boolean;
  place: string;
  faultOf: (place: string) => string | undefined;
  onChange: (value: unknown) => void;
  /** The event that the settings around it name, whose properties conditions are about. */
  event: string | null;
  disabled: boolean;
};

export function useSettingWords() {
  const { t } = useTranslation();
  const f = useFormat();
  return {
    label: (name: string, schema: Schema): string =>
      schema.label ? f.label(schema.label) : t(`journeys.set_${name}`, { defaultValue: name }),
    hint: (name: string, schema: Schema): string =>
      schema.hint ? f.label(schema.hint) : t(`journeys.set_${name}_hint`, { defaultValue: "" }),
    word: (schema: Schema, name: string, value: string | number | null): string => {
      const own = schema.words?.[String(value)];
      return own
        ? f.label(own)
        : t(`journeys.word_${name}_${value}`, { defaultValue: String(value ?? t("journeys.none_word")) });
    },
  };
}

function Setting(props: SettingProps) {
  const { name, defs, place, faultOf } = props;
  const words = useSettingWords();
  const { schema, nullable } = resolved(props.schema, defs);
  const picker = pickerOf(name, schema);
  const label = words.label(name, schema);
  const fault = faultOf(place);
  if (picker === "object" && SPAN.every((part) => part in (schema.properties ?? {})))
    return (
      <Field label={label} error={fault ?? faultOf(`${place}.hours`)} help={words.hint(name, schema) || undefined}>
        <SpanBox
          label={label}
          value={
            props.value === undefined ? ((schema.default as Values | undefined) ?? {}) : (props.value as Values | null)
          }
          nullable={nullable}
          onChange={props.onChange}
          disabled={props.disabled}
        />
      </Field>
    );
  if (picker === "object" && nullable) return <Optional {...props} schema={schema} label={label} fault={fault} />;
  if (picker === "object")
    return (
      <fieldset className="jset-group">
        <legend>{label}</legend>
        {fault && <p className="field-error">{fault}</p>}
        <SchemaForm
          schema={schema}
          defs={defs}
          values={(props.value as Values) ?? {}}
          place={place}
          faultOf={faultOf}
          onChange={(value) => props.onChange(value)}
          disabled={props.disabled}
        />
      </fieldset>
    );
  if (picker === "rows") return <Rows {...props} schema={schema} label={label} fault={fault} />;
  if (picker === "boolean")
    return (
      <div className="jset-switch">
        <Control {...props} schema={schema} nullable={nullable} picker={picker} label={label} />
        {fault && <p className="field-error">{fault}</p>}
      </div>
    );
  const Wrap = picker === "rule" || picker === "where" || picker === "carriers" || picker === "map" ? Group : Field;
  return (
    <Wrap label={label} error={fault} help={words.hint(name, schema) || undefined}>
      <Control {...props} schema={schema} nullable={nullable} picker={picker} label={label} />
    </Wrap>
  );
}

/** A group of settings that may be absent altogether, such as hours. */
function Optional({
  schema,
  defs,
  value,
  place,
  faultOf,
  onChange,
  disabled,
  label,
  fault,
}: SettingProps & { label: string; fault: string | undefined }) {
  const on = value !== undefined && value !== null;
  return (
    <fieldset className="jset-group">
      <legend>
        <Checkbox
          checked={on}
          onChange={(event) => onChange(event.target.checked ? {} : undefined)}
          disabled={disabled}
        >
          {label}
        </Checkbox>
      </legend>
      {fault && <p className="field-error">{fault}</p>}
      {on && (
        <SchemaForm
          schema={schema}
          defs={defs}
          values={value as Values}
          place={place}
          faultOf={faultOf}
          onChange={(next) => onChange(next)}
          disabled={disabled}
        />
      )}
    </fieldset>
  );
}
