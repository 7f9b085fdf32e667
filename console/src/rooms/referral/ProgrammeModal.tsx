import { Button, Checkbox, DatePicker, Input, InputNumber, Modal, Segmented, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { useAccounts } from "@/rooms/carriers/queries";
import { useCoupons } from "@/rooms/loyalty/queries";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { type Programme, type ProgrammeDraft, type Reward, type Terms, useSaveProgramme } from "./queries";

type Full = Required<Terms>;
const NONE: Reward = { kind: "none", points: 0, days: 0, coupon_id: 0, cost_fen: 0 };
const BLANK: Full = {
  friend: { ...NONE, kind: "points", points: 50 },
  inviter: { ...NONE, kind: "points", points: 100 },
  steps: [],
  size: 3,
  hours: 24,
  after_refund: "own",
  stay_days: 7,
  buys_fen: 0,
  needs: "all",
  wait_days: 30,
  watch_days: 15,
  only_new: true,
  most_friends: 0,
  budget_fen: 0,
  stock: 0,
  account_id: 0,
  staff: [],
  add_url: "",
  title: { zh: "", en: "" },
  words: { zh: "", en: "" },
};

type Props = { programme: Programme | null; onClose: () => void; saved?: (id: number) => void };

/** A programme is written; once somebody has come, rewards and conditions stay. */
export function ProgrammeModal({ programme, onClose, saved }: Props) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<ProgrammeDraft>({
    name: programme?.name ?? "",
    mode: programme?.mode ?? "invite",
    terms: { ...BLANK, ...((programme?.terms ?? {}) as Partial<Terms>) },
    begins_on: programme?.begins_on ?? null,
    ends_on: programme?.ends_on ?? null,
  });
  const save = useSaveProgramme(programme);
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) =>
    faults.find((one) => one.field === field || one.field === `body.${field}` || one.field.endsWith(`.${field}`))
      ?.message;
  const terms = draft.terms as Full;
  const fixed = programme?.has_friends ?? false;
  const set = (change: Partial<Terms>) => setDraft((one) => ({ ...one, terms: { ...one.terms, ...change } }));
  const mode = (value: ProgrammeDraft["mode"]) =>
    setDraft((one) => ({
      ...one,
      mode: value,
      terms: {
        ...one.terms,
        ...(value === "task"
          ? {
              inviter: NONE,
              steps: terms.steps.length
                ? terms.steps
                : [{ friends: 3, reward: { ...NONE, kind: "points", points: 300 } }],
            }
          : { steps: [] }),
        ...(value === "group" ? { stay_days: 0, buys_fen: terms.buys_fen || 100 } : {}),
      },
    }));
  const submit = () =>
    save.mutate(draft, {
      onSuccess: (made) => {
        onClose();
        saved?.(made.id);
      },
    });
  return (
    <Modal
      open
      width={720}
      title={t(programme ? "referral.edit" : "referral.new")}
      onCancel={onClose}
      onOk={submit}
      okText={t("ui.save")}
      okButtonProps={{ loading: save.isPending, disabled: !draft.name.trim() }}
    >
      <div className="form">
        {fixed && <p className="muted">{t("referral.promise_stays")}</p>}
        <Field label={t("referral.name")} error={fault("name")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => setDraft({ ...draft, name: e.target.value })} />
        </Field>
        <Segmented
          aria-label={t("referral.mode")}
          disabled={fixed}
          value={draft.mode}
          onChange={mode}
          options={(["invite", "task", "group"] as const).map((value) => ({
            value,
            label: t(`referral.mode_${value}`),
          }))}
        />
        <Rewards mode={draft.mode} terms={terms} fixed={fixed} set={set} />
        <Conditions mode={draft.mode} terms={terms} fixed={fixed} set={set} fault={fault} />
        <Bounds terms={terms} fixed={fixed} set={set} />
        <h3>{t("referral.page")}</h3>
        <Field label={t("referral.title")} error={fault("title.zh")}>
          <Input
            value={terms.title.zh}
            maxLength={60}
            onChange={(e) => set({ title: { ...terms.title, zh: e.target.value } })}
          />
        </Field>
        <Field label={t("referral.title_en")}>
          <Input
            value={terms.title.en}
            maxLength={80}
            onChange={(e) => set({ title: { ...terms.title, en: e.target.value } })}
          />
        </Field>
        <Field label={t("referral.words")}>
          <Input.TextArea
            rows={2}
            value={terms.words.zh}
            maxLength={500}
            onChange={(e) => set({ words: { ...terms.words, zh: e.target.value } })}
          />
        </Field>
        <Field label={t("referral.dates")} error={fault("ends_on")}>
          <DatePicker.RangePicker
            allowEmpty={[true, true]}
            value={[draft.begins_on ? dayjs(draft.begins_on) : null, draft.ends_on ? dayjs(draft.ends_on) : null]}
            onChange={(days) =>
              setDraft({
                ...draft,
                begins_on: days?.[0]?.format("YYYY-MM-DD") ?? null,
                ends_on: days?.[1]?.format("YYYY-MM-DD") ?? null,
              })
            }
          />
        </Field>
        <Reach terms={terms} set={set} fault={fault} />
      </div>
    </Modal>
  );
}

type Part = { terms: Full; set: (change: Partial<Terms>) => void; fixed?: boolean };
type Faults = { fault: (field: string) => string | undefined };

function Rewards({ mode, terms, fixed, set }: Part & { mode: ProgrammeDraft["mode"] }) {
  const { t } = useTranslation();
  const step = (at: number, change: Partial<Full["steps"][number]>) =>
    set({ steps: terms.steps.map((one, place) => (place === at ? { ...one, ...change } : one)) });
  return (
    <>
      <RewardField
        label={t("referral.friend_reward")}
        value={terms.friend}
        fixed={fixed}
        onChange={(friend) => set({ friend })}
      />
      {mode !== "task" ? (
        <RewardField
          label={t(mode === "group" ? "referral.leader_reward" : "referral.inviter_reward")}
          value={terms.inviter}
          fixed={fixed}
          onChange={(inviter) => set({ inviter })}
        />
      ) : (
        <>
          <h3>{t("referral.steps")}</h3>
          {terms.steps.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step has no name but its place
            <div className="row" key={at}>
              <Field label={t("referral.step_friends")}>
                <InputNumber
                  min={1}
                  max={10000}
                  precision={0}
                  disabled={fixed}
                  value={one.friends}
                  onChange={(n) => step(at, { friends: n ?? 1 })}
                />
              </Field>
              <RewardField
                label={t("referral.inviter")}
                value={one.reward}
                fixed={fixed}
                onChange={(reward) => step(at, { reward })}
              />
              {!fixed && terms.steps.length > 1 && (
                <Button onClick={() => set({ steps: terms.steps.filter((_, place) => place !== at) })}>
                  {t("referral.remove")}
                </Button>
              )}
            </div>
          ))}
          {!fixed && terms.steps.length < 6 && (
            <Button
              onClick={() =>
                set({
                  steps: [
                    ...terms.steps,
                    {
                      friends: (terms.steps.at(-1)?.friends ?? 0) + 3,
                      reward: { ...NONE, kind: "points", points: 500 },
                    },
                  ],
                })
              }
            >
              {t("referral.add_step")}
            </Button>
          )}
        </>
      )}
    </>
  );
}

type RewardProps = { label: string; value: Reward; fixed?: boolean; onChange: (value: Reward) => void };

function RewardField({ label, value, fixed, onChange }: RewardProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { rows } = useCoupons("live", "");
  const set = (change: Partial<Reward>) => onChange({ ...value, ...change });
  return (
    <fieldset className="row" disabled={fixed} style={{ border: 0, padding: 0, margin: 0 }}>
      <Field label={label}>
        <Select
          value={value.kind}
          disabled={fixed}
          style={{ minWidth: 100 }}
          onChange={(kind) => set({ kind })}
          options={[
            { value: "none", label: t("referral.none_reward") },
            { value: "points", label: t("referral.points") },
            { value: "coupon", label: t("referral.coupon") },
          ]}
        />
      </Field>
      {value.kind === "points" && (
        <>
          <Field label={t("referral.points")}>
            <InputNumber
              min={1}
              precision={0}
              disabled={fixed}
              value={value.points}
              onChange={(n) => set({ points: n ?? 1 })}
            />
          </Field>
          <Field label={t("referral.points_days")}>
            <InputNumber
              min={0}
              precision={0}
              disabled={fixed}
              value={value.days}
              onChange={(n) => set({ days: n ?? 0 })}
            />
          </Field>
        </>
      )}
      {value.kind === "coupon" && (
        <Field label={t("referral.coupon")}>
          <Select
            value={value.coupon_id || undefined}
            disabled={fixed}
            style={{ minWidth: 180 }}
            onChange={(coupon_id) => {
              const one = rows.find((row) => row.id === coupon_id);
              set({ coupon_id, cost_fen: one?.cost_fen || one?.face_fen || value.cost_fen });
            }}
            options={rows.map((row) => ({ value: row.id, label: row.name }))}
          />
        </Field>
      )}
      {value.kind !== "none" && (
        <Field label={t("referral.cost")}>
          <InputNumber
            min={0}
            precision={2}
            prefix={f.symbol}
            disabled={fixed}
            value={(value.cost_fen ?? 0) / 100}
            onChange={(n) => set({ cost_fen: Math.round((n ?? 0) * 100) })}
          />
        </Field>
      )}
    </fieldset>
  );
}

function Conditions({ mode, terms, fixed, set, fault }: Part & Faults & { mode: ProgrammeDraft["mode"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const whole = (field: "stay_days" | "wait_days" | "watch_days" | "size" | "hours", min: number, max: number) => (
    <Field label={t(`referral.${field}`)} error={fault(field)}>
      <InputNumber
        min={min}
        max={max}
        precision={0}
        disabled={fixed}
        value={terms[field]}
        onChange={(n) => set({ [field]: n ?? min })}
      />
    </Field>
  );
  return (
    <>
      <h3>{t("referral.conditions")}</h3>
      <div className="row">
        {whole("stay_days", 0, 90)}
        <Field label={t("referral.buys")} error={fault("buys_fen")}>
          <InputNumber
            min={0}
            precision={2}
            prefix={f.symbol}
            disabled={fixed}
            value={terms.buys_fen / 100}
            onChange={(n) => set({ buys_fen: Math.round((n ?? 0) * 100) })}
          />
        </Field>
        {terms.stay_days > 0 && terms.buys_fen > 0 && (
          <Field label={t("referral.needs")}>
            <Select
              value={terms.needs}
              disabled={fixed}
              onChange={(needs) => set({ needs })}
              options={(["all", "any"] as const).map((value) => ({ value, label: t(`referral.needs_${value}`) }))}
            />
          </Field>
        )}
        {whole("wait_days", 1, 180)}
        {whole("watch_days", 0, 180)}
      </div>
      {mode === "group" && (
        <div className="row">
          {whole("size", 2, 100)}
          {whole("hours", 1, 720)}
          <Field label={t("referral.after_refund")}>
            <Select
              value={terms.after_refund}
              disabled={fixed}
              style={{ minWidth: 180 }}
              onChange={(after_refund) => set({ after_refund })}
              options={(["own", "group"] as const).map((value) => ({ value, label: t(`referral.after_${value}`) }))}
            />
          </Field>
        </div>
      )}
      <Checkbox checked={terms.only_new} disabled={fixed} onChange={(e) => set({ only_new: e.target.checked })}>
        {t("referral.only_new")}
      </Checkbox>
    </>
  );
}

function Bounds({ terms, fixed, set }: Part) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <>
      <h3>{t("referral.bounds")}</h3>
      <div className="row">
        <Field label={t("referral.budget")} help={t("referral.zero_none")}>
          <InputNumber
            min={0}
            precision={2}
            prefix={f.symbol}
            value={terms.budget_fen / 100}
            onChange={(n) => set({ budget_fen: Math.round((n ?? 0) * 100) })}
          />
        </Field>
        <Field label={t("referral.stock")} help={t("referral.zero_none")}>
          <InputNumber min={0} precision={0} value={terms.stock} onChange={(n) => set({ stock: n ?? 0 })} />
        </Field>
        <Field label={t("referral.most_friends")} help={t("referral.zero_none")}>
          <InputNumber
            min={0}
            precision={0}
            disabled={fixed}
            value={terms.most_friends}
            onChange={(n) => set({ most_friends: n ?? 0 })}
          />
        </Field>
      </div>
    </>
  );
}

function Reach({ terms, set, fault }: Part & Faults) {
  const { t } = useTranslation();
  const accounts = useWecomAccounts();
  return (
    <>
      <h3>{t("referral.reach")}</h3>
      <Field label={t("referral.account")}>
        <Select
          allowClear
          value={terms.account_id || undefined}
          onChange={(account_id) => set(account_id ? { account_id } : { account_id: 0, staff: [] })}
          options={accounts.map((one) => ({ value: one.id, label: one.name }))}
        />
      </Field>
      {terms.account_id > 0 && (
        <Field label={t("referral.staff")} help={t("referral.staff_help")} error={fault("staff")}>
          <Input
            value={terms.staff.join(",")}
            onChange={(e) => set({ staff: e.target.value.split(/[,,\s]+/).filter(Boolean) })}
          />
        </Field>
      )}
      {terms.account_id === 0 && (
        <Field label={t("referral.add_url")} help={t("referral.add_url_help")} error={fault("add_url")}>
          <Input
            value={terms.add_url}
            maxLength={500}
            placeholder="https://"
            onChange={(e) => set({ add_url: e.target.value.trim() })}
          />
        </Field>
      )}
    </>
  );
}

function useWecomAccounts() {
  const query = useAccounts();
  return (query.data?.items ?? []).filter((one) => one.product === "wecom");
}
