import { AutoComplete, Button, Modal } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EventWhere, Rule } from "@/api/types";
import { RuleContext } from "@/rooms/segments/rules/context";
import { WHERE_OPERATORS } from "@/rooms/segments/rules/operators";
import { RuleEditor, useVocabulary } from "@/rooms/segments/rules/RuleEditor";
import { closed, opened } from "@/rooms/segments/rules/tree";
import { Where } from "@/rooms/segments/rules/Where";
import { useFormat } from "@/ui/useFormat";

type NameProps = { label: string; value: string; onChange: (name: string) => void; disabled: boolean };

/** Names of events that have come or are in the catalogue; another may be typed, for one that is still to come. */
export function EventBox({ label, value, onChange, disabled }: NameProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const vocabulary = useVocabulary();
  const events = vocabulary.data?.events ?? [];
  const known = events.find((event) => event.name === value);
  return (
    <>
      <AutoComplete
        aria-label={label}
        placeholder={t("journeys.event_hint")}
        value={value}
        onChange={onChange}
        options={events.map((event) => ({
          value: event.name,
          label: `${f.label(event.label) || event.name} · ${f.count(event.count)}`,
        }))}
        showSearch={{
          filterOption: (typed, option) =>
            `${option?.label} ${option?.value}`.toLowerCase().includes(typed.toLowerCase()),
        }}
        disabled={disabled}
        style={{ width: "100%" }}
      />
      {known && f.label(known.label) !== value && <span className="muted small">{f.label(known.label)}</span>}
    </>
  );
}

type WhereProps = {
  value: EventWhere[];
  event: string | null;
  onChange: (where: EventWhere[]) => void;
  disabled: boolean;
};

/** Conditions on the properties of an event. */
export function WhereBox({ value, event, onChange, disabled }: WhereProps) {
  const { t } = useTranslation();
  const vocabulary = useVocabulary();
  const words = vocabulary.data;
  const context = useMemo(
    () =>
      words && {
        vocabulary: words,
        segments: [],
        faults: [],
        disabled,
        put: () => undefined,
        edit: () => undefined,
      },
    [words, disabled],
  );
  if (!context) return null;
  const properties = context.vocabulary.events.find((one) => one.name === event)?.properties ?? [];
  const known = properties.map((one) => ({
    name: one.path,
    label: one.path,
    kind: ["number", "integer", "float", "int"].includes(one.kind) ? ("number" as const) : ("text" as const),
    samples: one.samples.filter((sample): sample is string => sample !== null),
  }));
  return (
    <RuleContext.Provider value={context}>
      <Where
        title={t("segments.where_event")}
        addLabel={t("segments.add_where_event")}
        operators={WHERE_OPERATORS}
        known={known}
        rows={value.map((one) => ({ name: one.path, op: one.op, value: one.value }))}
        onChange={(rows) =>
          onChange(
            rows.map((row) =>
              row.op.endsWith("exists")
                ? { path: row.name, op: row.op }
                : { path: row.name, op: row.op, value: row.value ?? "" },
            ),
          )
        }
      />
    </RuleContext.Provider>
  );
}

type RuleProps = { label: string; value: Rule | null; onChange: (rule: Rule | null) => void; disabled: boolean };

/** A rule of segments, edited in a window of its own: it needs the room. */
export function RuleBox({ label, value, onChange, disabled }: RuleProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Rule | null>(null);
  const conditions = value ? leaves(value) : 0;
  return (
    <>
      <span className="row tight">
        <span className={conditions ? "" : "muted"}>
          {conditions ? t("journeys.rule_n", { count: conditions }) : t("journeys.rule_none")}
        </span>
        <Button size="small" disabled={disabled} onClick={() => setDraft(opened(value))}>
          {t("journeys.rule_edit")}
        </Button>
      </span>
      <Modal
        open={draft !== null}
        title={label}
        width={860}
        okText={t("ui.save")}
        onCancel={() => setDraft(null)}
        onOk={() => {
          onChange(draft ? closed(draft) : null);
          setDraft(null);
        }}
        destroyOnHidden
      >
        {draft && <RuleEditor rule={draft} onChange={setDraft} />}
      </Modal>
    </>
  );
}

function leaves(rule: Rule): number {
  if (rule.kind === "all" || rule.kind === "any") return rule.of.reduce((sum, one) => sum + leaves(one), 0);
  return rule.kind === "not" ? leaves(rule.of) : 1;
}
