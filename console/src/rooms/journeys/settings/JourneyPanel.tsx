import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { PercentBox } from "@/rooms/campaigns/wizard/PercentBox";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import type { Definition, Goal, Reentry } from "../model/definition";
import { GOAL_DAYS, HOLDOUT_RATE } from "../model/definition";
import { ConditionForm } from "./ConditionForm";
import { EntryForm } from "./EntryForm";

type Props = {
  definition: Definition;
  change: (change: (now: Definition) => Definition, field?: string) => void;
  faultOf: (place: string) => string | undefined;
  disabled: boolean;
};

/** The journey as a whole: who comes in and how often, what it is for, when people leave, who is kept back. */
export function JourneyPanel({ definition, change, faultOf, disabled }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const set = (part: Partial<Definition>, field?: string) => change((now) => ({ ...now, ...part }), field);
  const goal = definition.goal ?? null;
  const exits = definition.exit ?? [];
  const setGoal = (next: Goal | null, field?: string) => set({ goal: next }, field);
  return (
    <div className="jpanel">
      <h2>{t("journeys.who_enters")}</h2>
      <EntryForm
        entry={definition.entry}
        onChange={(entry, field) => set({ entry }, field)}
        faultOf={faultOf}
        disabled={disabled}
      />
      <ReentryForm
        value={definition.reentry ?? {}}
        onChange={(reentry, field) => set({ reentry }, field)}
        disabled={disabled}
        fault={faultOf("reentry")}
      />

      <h2>{t("journeys.goal")}</h2>
      <p className="muted small">{t("journeys.goal_help")}</p>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control */}
      <label className="row tight">
        <Switch
          size="small"
          checked={goal !== null}
          onChange={(on) => setGoal(on ? { event: "order_paid", days: GOAL_DAYS } : null)}
          disabled={disabled}
          aria-label={t("journeys.goal_has")}
        />
        {t("journeys.goal_has")}
      </label>
      {goal && (
        <>
          <ConditionForm
            value={goal}
            onChange={setGoal}
            place="goal"
            faultOf={faultOf}
            disabled={disabled}
            kinds={["event", "segment"]}
          />
          <Field label={t("journeys.goal_days")} error={faultOf("goal.days")}>
            <InputNumber
              aria-label={t("journeys.goal_days")}
              min={0.1}
              max={366}
              value={goal.days ?? GOAL_DAYS}
              suffix={t("journeys.unit_days")}
              onChange={(days) => days && setGoal({ ...goal, days }, "goal.days")}
              disabled={disabled}
              style={{ width: 150 }}
            />
          </Field>
          <Checkbox
            checked={goal.ends !== false}
            onChange={(e) => setGoal({ ...goal, ends: e.target.checked })}
            disabled={disabled}
          >
            {t("journeys.goal_ends")}
          </Checkbox>
        </>
      )}

      <h2>{t("journeys.holdout")}</h2>
      <Field label={t("journeys.holdout_rate")} help={t("journeys.holdout_help")} error={faultOf("holdout_rate")}>
        <PercentBox
          label={t("journeys.holdout_rate")}
          most={0.5}
          value={definition.holdout_rate ?? HOLDOUT_RATE}
          onChange={(rate) => set({ holdout_rate: rate ?? 0 }, "holdout_rate")}
          disabled={disabled}
        />
      </Field>
      <Checkbox
        checked={definition.use_global_holdout !== false}
        onChange={(e) => set({ use_global_holdout: e.target.checked })}
        disabled={disabled}
      >
        {t("journeys.global_holdout")}
      </Checkbox>

      <h2>{t("journeys.exits")}</h2>
      <p className="muted small">{t("journeys.exits_help")}</p>
      <ol className="jset-rows">
        {exits.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no other identity
          <li key={at}>
            <ConditionForm
              value={one}
              onChange={(next, field) => set({ exit: exits.map((old, index) => (index === at ? next : old)) }, field)}
              place={`exit.${at}`}
              faultOf={faultOf}
              disabled={disabled}
            />
            {!disabled && (
              <Button
                type="text"
                size="small"
                className="jset-away"
                icon={<CloseOutlined />}
                aria-label={t("journeys.row_remove", { name: t("journeys.exits"), n: at + 1 })}
                onClick={() => set({ exit: exits.filter((_, index) => index !== at) })}
              />
            )}
          </li>
        ))}
      </ol>
      {!disabled && (
        <Button size="small" icon={<PlusOutlined />} onClick={() => set({ exit: [...exits, {}] })}>
          {t("journeys.exit_add")}
        </Button>
      )}
      <Checkbox
        checked={definition.exit_on_opt_out !== false}
        onChange={(e) => set({ exit_on_opt_out: e.target.checked })}
        disabled={disabled}
      >
        {t("journeys.exit_on_opt_out")}
      </Checkbox>

      <h2>{t("journeys.limits")}</h2>
      <Field label={t("journeys.max_active")} help={t("journeys.max_active_help")} error={faultOf("max_active")}>
        <InputNumber
          aria-label={t("journeys.max_active")}
          min={1}
          precision={0}
          value={definition.max_active ?? null}
          placeholder={t("journeys.no_limit")}
          onChange={(value) => set({ max_active: value }, "max_active")}
          disabled={disabled}
          style={{ width: 150 }}
        />
      </Field>
      <Field label={t("journeys.priority")} help={t("journeys.priority_help")} error={faultOf("priority_fen")}>
        <InputNumber
          aria-label={t("journeys.priority")}
          prefix={f.symbol}
          min={0}
          precision={2}
          value={(definition.priority_fen ?? 0) / 100}
          onChange={(yuan) => set({ priority_fen: Math.round((yuan ?? 0) * 100) }, "priority_fen")}
          disabled={disabled}
          style={{ width: 150 }}
        />
      </Field>
    </div>
  );
}

type ReentryProps = {
  value: Reentry;
  onChange: (value: Reentry, field?: string) => void;
  disabled: boolean;
  fault?: string;
};

function ReentryForm({ value, onChange, disabled, fault }: ReentryProps) {
  const { t } = useTranslation();
  const rule = value.rule ?? "once";
  return (
    <div className="form">
      <Field label={t("journeys.reentry")} help={t(`journeys.reentry_${rule}_help`)} error={fault}>
        <Select
          aria-label={t("journeys.reentry")}
          value={rule}
          options={(["once", "after_end", "always"] as const).map((one) => ({
            value: one,
            label: t(`journeys.reentry_${one}`),
          }))}
          onChange={(next) => onChange(next === "once" ? { rule: next } : { ...value, rule: next })}
          disabled={disabled}
        />
      </Field>
      {rule !== "once" && (
        <div className="two">
          <Field label={t("journeys.reentry_at_most")}>
            <InputNumber
              aria-label={t("journeys.reentry_at_most")}
              min={1}
              max={1000}
              precision={0}
              value={value.at_most ?? null}
              placeholder={t("journeys.no_limit")}
              onChange={(at_most) => onChange({ ...value, at_most }, "reentry.at_most")}
              disabled={disabled}
            />
          </Field>
          <Field label={t("journeys.reentry_min_days")}>
            <InputNumber
              aria-label={t("journeys.reentry_min_days")}
              min={0}
              max={3660}
              value={value.min_days ?? null}
              placeholder={t("journeys.no_limit")}
              onChange={(min_days) => onChange({ ...value, min_days }, "reentry.min_days")}
              disabled={disabled}
            />
          </Field>
        </div>
      )}
    </div>
  );
}
