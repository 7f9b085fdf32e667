import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Values } from "../model/definition";
import { fresh, resolved, type Schema } from "../model/schema";
import { SchemaForm, type SettingProps, useSettingWords } from "./SchemaForm";

type Props = SettingProps & { label: string; fault: string | undefined };

/** A list of settings of one shape (the ways of a branch), or of several shapes told apart by their kind (its conditions). */
export function Rows({ name, schema, defs, value, place, faultOf, onChange, disabled, label, fault }: Props) {
  const { t } = useTranslation();
  const words = useSettingWords();
  const rows = Array.isArray(value)
    ? (value as Values[])
    : Array.isArray(schema.default)
      ? (schema.default as Values[])
      : [];
  const item = resolved((schema.items || {}) as Schema, defs).schema;
  const shapes = kindsOf(item, defs);
  const tag = item.discriminator?.propertyName;
  const full = schema.maxItems !== undefined && rows.length >= schema.maxItems;
  const hint = words.hint(name, schema);
  const put = (at: number, next: Values) => onChange(rows.map((old, index) => (index === at ? next : old)));
  const add = () => onChange([...rows, tag ? { [tag]: Object.keys(shapes)[0] } : freshRow(item, defs, rows)]);
  return (
    <fieldset className="jset-group">
      <legend>{label}</legend>
      {hint && <p className="muted small">{hint}</p>}
      {fault && <p className="field-error">{fault}</p>}
      <ol className="jset-rows">
        {rows.map((row, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
          <li key={at}>
            {faultOf(`${place}.${at}`) && <p className="field-error">{faultOf(`${place}.${at}`)}</p>}
            {tag && (
              <Select
                aria-label={t("journeys.set_kind")}
                value={String(row[tag])}
                options={Object.keys(shapes).map((kind) => ({ value: kind, label: words.word(item, tag, kind) }))}
                onChange={(kind: string) => put(at, { [tag]: kind })}
                disabled={disabled}
                style={{ width: "100%", marginBottom: 8 }}
              />
            )}
            <SchemaForm
              schema={tag ? (shapes[String(row[tag])] ?? {}) : item}
              defs={defs}
              values={row}
              place={`${place}.${at}`}
              faultOf={faultOf}
              onChange={(next) => put(at, next)}
              disabled={disabled}
              hidden={tag}
            />
            {!disabled && rows.length > (schema.minItems ?? 0) && (
              <Button
                type="text"
                size="small"
                className="jset-away"
                icon={<CloseOutlined />}
                aria-label={t("journeys.row_remove", { name: label, n: at + 1 })}
                onClick={() => onChange(rows.filter((_, index) => index !== at))}
              />
            )}
          </li>
        ))}
      </ol>
      {!disabled && !full && (
        <Button size="small" icon={<PlusOutlined />} onClick={add}>
          {t("journeys.row_add")}
        </Button>
      )}
    </fieldset>
  );
}

/** The shapes of a union by the value of their tag. */
function kindsOf(item: Schema, defs: Record<string, Schema>): Record<string, Schema> {
  const mapping = item.discriminator?.mapping ?? {};
  return Object.fromEntries(Object.entries(mapping).map(([kind, ref]) => [kind, resolved({ $ref: ref }, defs).schema]));
}

/** A new row; a way gets a letter that no other has. */
function freshRow(item: Schema, defs: Record<string, Schema>, rows: Values[]): Values {
  const made = fresh(item, defs) as Values;
  if (!item.properties?.edge) return made;
  const used = new Set(rows.map((row) => row.edge));
  const edge = [..."abcdefghijklmnopqrstuvwxyz"].find((one) => !used.has(one)) ?? `w${rows.length + 1}`;
  const when = item.properties.when ? { when: [] } : {};
  return { ...made, ...when, edge };
}
