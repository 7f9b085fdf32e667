import { Button, DatePicker, Drawer, Input, Segmented, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useExperimentActs, usePower, useSources } from "./queries";
import { type ExperimentDraft, KINDS, type Kind, OUTCOMES, type Power } from "./shapes";
import { useSourceName } from "./words";

const DAY = "YYYY-MM-DD";

/** What is withheld, where and for how long; beside it what such an experiment can see at all. */
export function NewExperiment({ source, onClose }: { source?: number; onClose: () => void }) {
  const { t } = useTranslation();
  const fail = useFail();
  const name = useSourceName();
  const sources = useSources();
  const { create } = useExperimentActs();
  const [draft, setDraft] = useState<ExperimentDraft>({
    name: "",
    kind: "geo",
    source_id: source ?? 0,
    off: [],
    on: [],
    begins_on: dayjs().add(1, "week").startOf("week").add(1, "day").format(DAY),
    ends_on: dayjs().add(5, "week").startOf("week").format(DAY),
    outcome: "buyers",
    note: "",
  });
  const put = (part: Partial<ExperimentDraft>) => setDraft((before) => ({ ...before, ...part }));
  const days = dayjs(draft.ends_on).diff(dayjs(draft.begins_on), "day") + 1;
  const weeks = weeksOf(draft.begins_on, draft.ends_on);
  const known = usePower(
    draft.source_id > 0 && days > 0
      ? {
          source_id: draft.source_id,
          kind: draft.kind,
          units:
            draft.kind === "time"
              ? weeks.length
              : Math.max(4, draft.off.length * 2, draft.off.length + draft.on.length),
          off: Math.max(1, draft.off.length || 2),
          days,
        }
      : null,
  );
  const regions = known.data?.regions ?? [];
  const units =
    draft.kind === "geo"
      ? regions.map((one) => ({ value: one.name, label: `${one.name} (${one.people})` }))
      : draft.kind === "time"
        ? weeks.map((one) => ({ value: one, label: one.replace("/", " – ") }))
        : [];
  const ready = draft.name.trim() !== "" && draft.source_id > 0 && draft.off.length > 0 && days > 0;
  return (
    <Drawer
      open
      title={t("returns.new_experiment")}
      size="large"
      onClose={onClose}
      extra={
        <Button
          type="primary"
          disabled={!ready}
          loading={create.isPending}
          onClick={() => create.mutate(draft, { onSuccess: onClose, onError: fail })}
        >
          {t("ui.save")}
        </Button>
      }
    >
      <div className="form">
        <p className="muted">{t(`returns.kind_${draft.kind}_hint`)}</p>
        <Segmented
          value={draft.kind}
          options={KINDS.map((kind) => ({ value: kind, label: t(`returns.kind_${kind}`) }))}
          onChange={(kind) => put({ kind: kind as Kind, off: [], on: [] })}
          aria-label={t("returns.kind")}
        />
        <div className="experiment-form">
          <Field label={t("returns.experiment_name")}>
            <Input value={draft.name} maxLength={80} onChange={(e) => put({ name: e.target.value })} />
          </Field>
          <Field label={t("returns.source")}>
            <Select
              aria-label={t("returns.source")}
              value={draft.source_id || undefined}
              showSearch={{ optionFilterProp: "label" }}
              onChange={(source_id) => put({ source_id, off: [], on: [] })}
              options={(sources.data?.items ?? []).map((one) => ({ value: one.source_id, label: name(one) }))}
            />
          </Field>
          <Field label={t("returns.period")}>
            <DatePicker.RangePicker
              aria-label={t("returns.period")}
              allowClear={false}
              value={[dayjs(draft.begins_on), dayjs(draft.ends_on)]}
              onChange={(span) =>
                span?.[0] &&
                span[1] &&
                put({
                  begins_on: span[0].format(DAY),
                  ends_on: span[1].format(DAY),
                  off: draft.kind === "time" ? [] : draft.off,
                })
              }
            />
          </Field>
          <Field label={t("returns.outcome")}>
            <Select
              aria-label={t("returns.outcome")}
              value={draft.outcome}
              onChange={(outcome) => put({ outcome })}
              options={OUTCOMES.map((one) => ({ value: one, label: t(`returns.outcome_${one}`) }))}
            />
          </Field>
        </div>
        <Field label={t(`returns.off_${draft.kind}`)} help={t("returns.off_help")}>
          <Select
            mode="tags"
            aria-label={t(`returns.off_${draft.kind}`)}
            value={draft.off}
            onChange={(off) => put({ off })}
            options={units}
          />
        </Field>
        <Field label={t(`returns.on_${draft.kind}`)} help={t("returns.on_help")}>
          <Select
            mode="tags"
            aria-label={t(`returns.on_${draft.kind}`)}
            value={draft.on}
            onChange={(on) => put({ on })}
            options={units.filter((one) => !draft.off.includes(one.value))}
          />
        </Field>
        <Field label={t("returns.note")}>
          <Input.TextArea value={draft.note} maxLength={500} rows={2} onChange={(e) => put({ note: e.target.value })} />
        </Field>
        {known.data && <Sees power={known.data.power} />}
      </div>
    </Drawer>
  );
}

/** Whole weeks within the span, as the server names them. */
function weeksOf(from: string, to: string): string[] {
  const weeks: string[] = [];
  for (let at = dayjs(from); !at.add(6, "day").isAfter(dayjs(to)) && weeks.length < 60; at = at.add(7, "day"))
    weeks.push(`${at.format(DAY)}/${at.add(6, "day").format(DAY)}`);
  return weeks;
}

function Sees({ power }: { power: Power }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="waste-unknown" role="status">
      <div>
        <strong>
          {power.smallest_rate == null
            ? t("returns.sees_nothing")
            : t("returns.sees", { rate: f.rate(power.smallest_rate, 0), days: power.days })}
        </strong>
        <p className="muted small">
          {t("returns.sees_why", {
            booked: f.count(power.booked_a_day, 1),
            all: f.count(power.newcomers_a_day, 1),
            off: power.units_off,
            on: power.units_on,
          })}{" "}
          {power.days_for_half != null && t("returns.days_for_half", { n: f.count(power.days_for_half) })}
        </p>
      </div>
    </div>
  );
}
