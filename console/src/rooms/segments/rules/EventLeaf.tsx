import { AutoComplete } from "antd";
import { useTranslation } from "react-i18next";
import type { EventRule, EventWhere, LastEventRule } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import { Choice } from "./Choice";
import { useRules } from "./context";
import { NumberBox, NumberRange } from "./NumberBox";
import { COMPARE, WHERE_OPERATORS } from "./operators";
import { Where, type WhereRow } from "./Where";
import { WindowInput } from "./WindowInput";

const rowsOf = (where: EventWhere[] | undefined): WhereRow[] =>
  (where ?? []).map((w) => ({ name: w.path, op: w.op, value: w.value }));
const whereOf = (rows: WhereRow[]): EventWhere[] =>
  rows.map((row) =>
    row.op.endsWith("exists") ? { path: row.name, op: row.op } : { path: row.name, op: row.op, value: row.value },
  );

function useKnown(name: string) {
  const { vocabulary } = useRules();
  const properties = vocabulary.events.find((event) => event.name === name)?.properties ?? [];
  return properties.map((p) => ({
    name: p.path,
    label: p.path,
    kind: ["number", "integer", "float", "int"].includes(p.kind) ? ("number" as const) : ("text" as const),
    samples: p.samples.filter((sample): sample is string => sample !== null),
  }));
}

function EventName({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary, disabled } = useRules();
  const options = vocabulary.events.map((event) => ({
    value: event.name,
    label: `${f.label(event.label) || event.name} · ${f.count(event.count)}`,
  }));
  const known = vocabulary.events.find((event) => event.name === value);
  return (
    <span className="row tight">
      <AutoComplete
        aria-label={t("segments.event_name")}
        placeholder={t("segments.event_name")}
        value={value}
        options={options}
        onChange={onChange}
        disabled={disabled}
        popupMatchSelectWidth={false}
        showSearch={{
          filterOption: (typed, option) =>
            `${option?.label} ${option?.value}`.toLowerCase().includes(typed.toLowerCase()),
        }}
        style={{ width: 170 }}
      />
      {known && <span className="muted small">{f.label(known.label)}</span>}
    </span>
  );
}

export function EventLeaf({ rule, put }: { rule: EventRule; put: (rule: EventRule, field?: string) => void }) {
  const { t } = useTranslation();
  const known = useKnown(rule.name);
  return (
    <>
      <WindowInput value={rule.window} onChange={(window) => put({ ...rule, window }, "window")} />
      <EventName value={rule.name} onChange={(name) => put({ ...rule, name }, "name")} />
      <Choice
        label={t("segments.op")}
        value={rule.op}
        width={100}
        options={COMPARE.map((op) => ({ value: op, label: t(`segments.op_${op}`) }))}
        onChange={(op) =>
          put({
            ...rule,
            op,
            count: op === "between" ? [1, 10] : Array.isArray(rule.count) ? (rule.count[0] ?? 1) : rule.count,
          })
        }
      />
      {Array.isArray(rule.count) ? (
        <NumberRange
          label={t("segments.times")}
          value={rule.count}
          onChange={(count) => put({ ...rule, count }, "count")}
        />
      ) : (
        <NumberBox
          label={t("segments.times")}
          value={rule.count}
          min={0}
          suffix={t("segments.times")}
          onChange={(count) => put({ ...rule, count }, "count")}
        />
      )}
      <Where
        title={t("segments.where_event")}
        addLabel={t("segments.add_where_event")}
        operators={WHERE_OPERATORS}
        known={known}
        rows={rowsOf(rule.where)}
        onChange={(rows) => put({ ...rule, where: rows.length ? whereOf(rows) : undefined }, "where")}
      />
    </>
  );
}

export function LastEventLeaf({
  rule,
  put,
}: {
  rule: LastEventRule;
  put: (rule: LastEventRule, field?: string) => void;
}) {
  const { t } = useTranslation();
  const known = useKnown(rule.name);
  return (
    <>
      <span>{t("segments.last_of")}</span>
      <EventName value={rule.name} onChange={(name) => put({ ...rule, name }, "name")} />
      <Where
        title={t("segments.where_event")}
        addLabel={t("segments.add_where_event")}
        operators={WHERE_OPERATORS}
        known={known}
        rows={rowsOf(rule.where)}
        onChange={(rows) => put({ ...rule, where: rows.length ? whereOf(rows) : undefined }, "where")}
      />
      <Where
        title={t("segments.has")}
        addLabel={t("segments.add_has")}
        operators={WHERE_OPERATORS}
        known={known}
        least={1}
        rows={rowsOf(rule.has)}
        onChange={(rows) => put({ ...rule, has: whereOf(rows) }, "has")}
      />
    </>
  );
}
