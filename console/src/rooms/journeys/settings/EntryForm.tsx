import { Checkbox, Input, InputNumber, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { EventWhere } from "@/api/types";
import { Field } from "@/ui/Field";
import type { Entry, EntryKind } from "../model/definition";
import { EventBox, WhereBox } from "./EventBox";
import { Group } from "./Group";
import { SegmentBox, SurveyBox, TraitBox, WaysBox } from "./pickers";
import { ClockBox, DateBox } from "./smallBoxes";

const KINDS: EntryKind[] = ["segment", "event", "schedule", "date", "scan", "survey", "api", "manual"];
const DATES = ["birthday", "registered", "first_order", "last_order", "trait"];
/** What a kind starts with; what must be chosen stays open. */
const FRESH: Record<EntryKind, Entry> = {
  segment: { kind: "segment" },
  event: { kind: "event" },
  schedule: { kind: "schedule", every: "day" },
  date: { kind: "date", field: "birthday" },
  scan: { kind: "scan" },
  survey: { kind: "survey" },
  api: { kind: "api" },
  manual: { kind: "manual" },
};

type Props = {
  entry: Entry;
  onChange: (entry: Entry, field?: string) => void;
  faultOf: (place: string) => string | undefined;
  disabled: boolean;
};

export function EntryForm({ entry, onChange, faultOf, disabled }: Props) {
  const { t } = useTranslation();
  const put = (name: string, value: unknown) => {
    const { [name]: _old, ...rest } = entry;
    const next = value === null || value === undefined || value === "" ? rest : { ...rest, [name]: value };
    onChange(next as Entry, `entry.${name}`);
  };
  const fault = (name: string) => faultOf(`entry.${name}`);
  const number = (name: string, usual: number) => (typeof entry[name] === "number" ? (entry[name] as number) : usual);
  const text = (name: string, usual = "") => (typeof entry[name] === "string" ? (entry[name] as string) : usual);
  const segment = (
    <Field label={t("journeys.set_segment")} error={fault("segment")}>
      <SegmentBox
        label={t("journeys.set_segment")}
        value={number("segment", 0) || undefined}
        onChange={(id) => put("segment", id)}
        disabled={disabled}
      />
    </Field>
  );
  const at = (
    <Field
      label={t("journeys.set_at")}
      error={fault("at")}
      help={entry.kind === "date" ? t("journeys.at_own_zone") : t("journeys.at_brand_zone")}
    >
      <ClockBox
        label={t("journeys.set_at")}
        value={text("at", "10:00")}
        onChange={(value) => put("at", value)}
        disabled={disabled}
      />
    </Field>
  );
  return (
    <div className="form">
      <Field label={t("journeys.entry_kind")} error={faultOf("entry")} help={t(`journeys.entry_${entry.kind}_help`)}>
        <Select
          aria-label={t("journeys.entry_kind")}
          value={entry.kind}
          options={KINDS.map((kind) => ({ value: kind, label: t(`journeys.entry_${kind}`) }))}
          onChange={(kind: EntryKind) => onChange(FRESH[kind])}
          disabled={disabled}
        />
      </Field>
      {entry.kind === "segment" && (
        <>
          {segment}
          <Segmented
            aria-label={t("journeys.direction")}
            options={["entered", "left"].map((one) => ({ value: one, label: t(`journeys.direction_${one}`) }))}
            value={text("direction", "entered")}
            onChange={(value) => put("direction", value === "entered" ? null : value)}
            disabled={disabled}
          />
          {text("direction", "entered") === "entered" && (
            <Checkbox
              checked={entry.existing !== false}
              onChange={(e) => onChange({ ...entry, existing: e.target.checked })}
              disabled={disabled}
            >
              {t("journeys.existing")}
            </Checkbox>
          )}
          <Checkbox
            checked={entry.again === true}
            onChange={(e) => put("again", e.target.checked || null)}
            disabled={disabled}
          >
            {t("journeys.again")}
          </Checkbox>
          {fault("again") && <p className="field-error">{fault("again")}</p>}
        </>
      )}
      {entry.kind === "event" && (
        <>
          <Field label={t("journeys.set_event")} error={fault("name")}>
            <EventBox
              label={t("journeys.set_event")}
              value={text("name")}
              onChange={(name) => put("name", name)}
              disabled={disabled}
            />
          </Field>
          <Group label={t("journeys.set_where")} error={fault("where")}>
            <WhereBox
              event={text("name")}
              value={(entry.where as EventWhere[]) ?? []}
              onChange={(where) => put("where", where.length ? where : null)}
              disabled={disabled}
            />
          </Group>
          <Field label={t("journeys.entry_key")} help={t("journeys.entry_key_help")} error={fault("key")}>
            <Input
              value={text("key")}
              maxLength={80}
              onChange={(e) => put("key", e.target.value)}
              disabled={disabled}
            />
          </Field>
        </>
      )}
      {entry.kind === "schedule" && (
        <>
          {segment}
          <Field label={t("journeys.every")}>
            <Select
              aria-label={t("journeys.every")}
              value={text("every", "day")}
              options={["day", "week", "month", "once"].map((one) => ({
                value: one,
                label: t(`journeys.every_${one}`),
              }))}
              onChange={(value) => put("every", value)}
              disabled={disabled}
            />
          </Field>
          {entry.every === "week" && (
            <Field label={t("journeys.weekday")}>
              <Select
                aria-label={t("journeys.weekday")}
                value={number("weekday", 1)}
                options={[1, 2, 3, 4, 5, 6, 7].map((one) => ({ value: one, label: t(`journeys.weekday_${one}`) }))}
                onChange={(value) => put("weekday", value)}
                disabled={disabled}
              />
            </Field>
          )}
          {entry.every === "month" && (
            <Field label={t("journeys.day_of_month")} help={t("journeys.day_of_month_help")}>
              <InputNumber
                aria-label={t("journeys.day_of_month")}
                min={1}
                max={31}
                precision={0}
                value={number("day", 1)}
                onChange={(value) => put("day", value)}
                disabled={disabled}
              />
            </Field>
          )}
          {entry.every === "once" && (
            <Field label={t("journeys.set_on")} error={fault("on")}>
              <DateBox
                label={t("journeys.set_on")}
                value={text("on")}
                onChange={(value) => put("on", value)}
                disabled={disabled}
              />
            </Field>
          )}
          {at}
        </>
      )}
      {entry.kind === "date" && (
        <DateEntry entry={entry} put={put} fault={fault} number={number} text={text} disabled={disabled} at={at} />
      )}
      {entry.kind === "survey" && (
        <Field label={t("journeys.set_survey")} error={fault("survey")}>
          <SurveyBox
            label={t("journeys.set_survey")}
            value={number("survey", 0) || undefined}
            onChange={(id) => put("survey", id)}
            disabled={disabled}
          />
        </Field>
      )}
      {entry.kind === "scan" && (
        <Field label={t("journeys.ways")} help={t("journeys.ways_help")} error={fault("ways")}>
          <WaysBox
            label={t("journeys.ways")}
            value={(entry.ways as string[]) ?? []}
            onChange={(ways) => put("ways", ways.length ? ways : null)}
            disabled={disabled}
          />
        </Field>
      )}
    </div>
  );
}

type DateProps = {
  entry: Entry;
  put: (name: string, value: unknown) => void;
  fault: (name: string) => string | undefined;
  number: (name: string, usual: number) => number;
  text: (name: string, usual?: string) => string;
  disabled: boolean;
  at: React.ReactNode;
};

function DateEntry({ put, fault, number, text, disabled, at }: DateProps) {
  const { t } = useTranslation();
  const field = text("field");
  const [kind, trait] = field.split(":");
  const days = number("offset_days", 0);
  const side = days < 0 ? "before" : days > 0 ? "after" : "same";
  return (
    <>
      <Field label={t("journeys.date_field")} error={fault("field")}>
        <Select
          aria-label={t("journeys.date_field")}
          value={kind || undefined}
          options={DATES.map((one) => ({ value: one, label: t(`journeys.date_${one}`) }))}
          onChange={(value) => put("field", value === "trait" ? "trait:0" : value)}
          disabled={disabled}
        />
      </Field>
      {kind === "trait" && (
        <Field label={t("journeys.date_trait")}>
          <TraitBox
            label={t("journeys.date_trait")}
            value={Number(trait) || undefined}
            onChange={(id) => put("field", `trait:${id ?? 0}`)}
            disabled={disabled}
          />
        </Field>
      )}
      <Segmented
        aria-label={t("journeys.offset")}
        options={["before", "same", "after"].map((one) => ({ value: one, label: t(`journeys.offset_${one}`) }))}
        value={side}
        onChange={(next) =>
          put("offset_days", next === "same" ? null : (next === "before" ? -1 : 1) * Math.max(1, Math.abs(days)))
        }
        disabled={disabled}
      />
      {days !== 0 && (
        <Field label={t("journeys.offset_days")}>
          <InputNumber
            aria-label={t("journeys.offset_days")}
            min={1}
            max={days < 0 ? 366 : 3660}
            precision={0}
            value={Math.abs(days)}
            onChange={(value) => value && put("offset_days", Math.sign(days) * value)}
            disabled={disabled}
          />
        </Field>
      )}
      {at}
    </>
  );
}
