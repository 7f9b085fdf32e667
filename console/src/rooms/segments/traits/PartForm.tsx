import { AutoComplete, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { EventWhere, OrderWhere, Rule } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import { Choice } from "../rules/Choice";
import { useRules } from "../rules/context";
import { ORDER_WHERE_FIELDS, WHERE_OPERATORS } from "../rules/operators";
import { RuleEditor } from "../rules/RuleEditor";
import { Where, type WhereRow } from "../rules/Where";
import { WindowInput } from "../rules/WindowInput";
import { AT, BARE, changed, MEASURES, numeric, type Part, propertiesFor, SOURCES, type Source } from "./definition";

const SINCE = ["none", "first_order", "last_order", "first_activity", "last_activity"] as const;

/** One measure of one kind of rows: what, which of them, since when, whose. */
export function PartForm({ part, onChange }: { part: Part; onChange: (part: Part) => void }) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  const set = (next: Partial<Part>) => onChange(changed(part, next));
  return (
    <div className="stack">
      <div className="row tight trait-row">
        <Choice<Source>
          label={t("traits.of")}
          value={part.of}
          options={SOURCES.map((of) => ({ value: of, label: t(`traits.of_${of}`) }))}
          onChange={(of) => set({ of })}
        />
        {(part.of === "activity" || part.of === "attribute") && <Name part={part} set={set} />}
        <Choice
          label={t("traits.measure")}
          value={part.measure}
          options={MEASURES.map((measure) => ({ value: measure, label: t(`traits.measure_${measure}`) }))}
          onChange={(measure) => set({ measure })}
        />
        {!BARE.includes(part.measure) && <Property part={part} set={set} />}
      </div>
      <div className="row tight trait-row">
        <span className="muted small">{t("traits.window")}</span>
        <WindowInput value={part.window} onChange={(window) => set({ window })} />
        <span className="muted small">{t("traits.since")}</span>
        <SinceInput part={part} set={set} />
      </div>
      {part.of !== "attribute" && <Rows part={part} set={set} />}
      {part.among ? (
        <div className="stack">
          <span className="row">
            <span className="muted small">{t("traits.among")}</span>
            {!disabled && (
              <Button size="small" type="link" onClick={() => set({ among: undefined })}>
                {t("traits.among_remove")}
              </Button>
            )}
          </span>
          <RuleEditor rule={part.among} onChange={(among: Rule) => set({ among })} disabled={disabled} />
        </div>
      ) : (
        !disabled && (
          <span>
            <Button size="small" type="link" onClick={() => set({ among: { kind: "all", of: [] } })}>
              + {t("traits.among_add")}
            </Button>
          </span>
        )
      )}
    </div>
  );
}

type Piece = { part: Part; set: (next: Partial<Part>) => void };

function Name({ part, set }: Piece) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary, disabled } = useRules();
  const label = part.of === "activity" ? t("traits.event") : t("traits.attribute");
  const options =
    part.of === "activity"
      ? vocabulary.events.map((event) => ({ value: event.name, label: f.label(event.label) || event.name }))
      : vocabulary.attributes
          .filter((a) => a.field.startsWith("custom:"))
          .map((a) => ({ value: a.field.slice(7), label: f.label(a.name) }));
  return (
    <AutoComplete
      aria-label={label}
      placeholder={label}
      value={part.name ?? ""}
      options={options}
      onChange={(name: string) => set({ name })}
      disabled={disabled}
      popupMatchSelectWidth={false}
      style={{ width: 170 }}
    />
  );
}

function useKnown(name: string | undefined) {
  const { vocabulary } = useRules();
  return (vocabulary.events.find((event) => event.name === name)?.properties ?? []).map((p) => ({
    name: p.path,
    label: p.path,
    kind: p.kind === "number" ? ("number" as const) : ("text" as const),
    samples: p.samples.filter((sample): sample is string => sample !== null),
  }));
}

function Property({ part, set }: Piece) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  const known = useKnown(part.name);
  const types = numeric(part.measure) ? (["number", "time"] as const) : (["text", "number", "time"] as const);
  const asType = (part.measure === "first" ||
    part.measure === "last" ||
    part.measure === "min" ||
    part.measure === "max") &&
    part.property !== AT &&
    (part.of === "activity" || part.of === "attribute") && (
      <Choice
        label={t("traits.as_type")}
        value={part.type ?? types[0]}
        width={96}
        options={types.map((type) => ({ value: type, label: t(`traits.type_${type}`) }))}
        onChange={(type) => set({ type: type === types[0] ? undefined : type })}
      />
    );
  if (part.of === "attribute") return asType || null;
  if (part.of === "activity") {
    return (
      <>
        <AutoComplete
          aria-label={t("traits.property")}
          placeholder={t("traits.property")}
          value={part.property ?? ""}
          options={[
            ...known.map((k) => ({ value: k.name, label: k.label })),
            { value: AT, label: t("traits.time_property") },
          ]}
          onChange={(property: string) => set({ property })}
          disabled={disabled}
          popupMatchSelectWidth={false}
          style={{ width: 140 }}
        />
        {asType}
      </>
    );
  }
  return (
    <Choice
      label={t("traits.property")}
      value={part.property}
      options={propertiesFor(part).map((name) => ({
        value: name,
        label: name === AT ? t("traits.time_property") : t(`segments.where_${name}`),
      }))}
      onChange={(property) => set({ property })}
    />
  );
}

function SinceInput({ part, set }: Piece) {
  const { t } = useTranslation();
  const { vocabulary, disabled } = useRules();
  const f = useFormat();
  const { since } = part;
  const value = since ? (`${since.which ?? "last"}_${since.of === "orders" ? "order" : "activity"}` as const) : "none";
  return (
    <>
      <Choice
        label={t("traits.since")}
        value={value}
        width={150}
        options={SINCE.map((key) => ({ value: key, label: t(`traits.since_${key}`) }))}
        onChange={(next) => {
          const [which, of] = next.split("_") as ["first" | "last", "order" | "activity"];
          set({
            since:
              next === "none"
                ? undefined
                : of === "order"
                  ? { of: "orders", which }
                  : { of: "activity", which, name: since?.name ?? "" },
          });
        }}
      />
      {since?.of === "activity" && (
        <AutoComplete
          aria-label={t("traits.event")}
          placeholder={t("traits.event")}
          value={since.name ?? ""}
          options={vocabulary.events.map((event) => ({ value: event.name, label: f.label(event.label) || event.name }))}
          onChange={(name: string) => set({ since: { ...since, name } })}
          disabled={disabled}
          popupMatchSelectWidth={false}
          style={{ width: 150 }}
        />
      )}
    </>
  );
}

const ORDER_FIELDS: Record<string, string[]> = {
  orders: ["source", "amount_fen", "quantity"],
  order_lines: ORDER_WHERE_FIELDS,
};

function Rows({ part, set }: Piece) {
  const { t } = useTranslation();
  const { vocabulary } = useRules();
  const events = useKnown(part.name);
  const fields = ORDER_FIELDS[part.of];
  const known = fields
    ? fields.map((name) => ({
        name,
        label: t(`segments.where_${name}`),
        kind: name.endsWith("_fen")
          ? ("money" as const)
          : name === "quantity"
            ? ("number" as const)
            : ("text" as const),
        samples: name === "category" ? vocabulary.products.categories : [],
      }))
    : events;
  const rows = (part.where ?? []).map(
    (w): WhereRow => ({ name: "field" in w ? w.field : w.path, op: w.op, value: w.value }),
  );
  const whereOf = (row: WhereRow): OrderWhere | EventWhere => {
    const value = row.op.endsWith("exists") ? {} : { value: row.value };
    return (
      fields ? { field: row.name, op: row.op, ...value } : { path: row.name, op: row.op, ...value }
    ) as EventWhere;
  };
  return (
    <Where
      title={t("traits.where")}
      addLabel={t("traits.add_where")}
      operators={WHERE_OPERATORS}
      known={known}
      rows={rows}
      onChange={(next) => set({ where: next.length ? next.map(whereOf) : undefined })}
    />
  );
}
