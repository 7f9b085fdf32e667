import { DatePicker, Input, InputNumber, Modal, Segmented } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { type Coupon, type CouponDraft, useSaveCoupon } from "./queries";

const BLANK: CouponDraft = {
  name: "",
  kind: "amount",
  face_fen: 1000,
  pay_percent: 90,
  most_off_fen: 0,
  threshold_fen: 0,
  gift: "",
  goods: "",
  terms: "",
  from_on: null,
  until_on: null,
  days: 30,
  stock: null,
  per_person: 1,
  cost_fen: 0,
};

function draftOf(coupon: Coupon): CouponDraft {
  const kept = Object.keys(BLANK).map((key) => [key, coupon[key as keyof Coupon]]);
  return Object.fromEntries(kept) as CouponDraft;
}

type Props = { coupon: Coupon | null; onClose: () => void; saved?: (id: number) => void };

/** A coupon is written; once a code is out, what was promised cannot be changed any more. */
export function CouponModal({ coupon, onClose, saved }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const [draft, setDraft] = useState<CouponDraft>(coupon ? draftOf(coupon) : BLANK);
  const save = useSaveCoupon(coupon);
  const set = (change: Partial<CouponDraft>) => setDraft((before) => ({ ...before, ...change }));
  const fixed = (coupon?.issued ?? 0) > 0;
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field === field || one.field === `body.${field}`)?.message;
  const yuan = (field: "face_fen" | "most_off_fen" | "threshold_fen" | "cost_fen", label: string, help?: string) => (
    <Field label={label} help={help} error={fault(field)}>
      <InputNumber
        min={0}
        precision={2}
        prefix={f.symbol}
        disabled={fixed && field !== "cost_fen"}
        value={(draft[field] ?? 0) / 100}
        onChange={(value) => set({ [field]: Math.round((value ?? 0) * 100) })}
      />
    </Field>
  );
  const submit = () =>
    save.mutate(draft, {
      onSuccess: (made) => {
        onClose();
        saved?.(made.id);
      },
    });
  const byDays = draft.days != null;
  return (
    <Modal
      open
      width={640}
      title={t(coupon ? "loyalty.edit_coupon" : "loyalty.new_coupon")}
      onCancel={onClose}
      onOk={submit}
      okText={t("ui.save")}
      okButtonProps={{ loading: save.isPending, disabled: !draft.name.trim() }}
    >
      <div className="form">
        {fixed && <p className="muted">{t("loyalty.promise_stays")}</p>}
        <Field label={t("loyalty.coupon_name")} error={fault("name")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        <Segmented
          aria-label={t("loyalty.coupon_kind")}
          disabled={fixed}
          value={draft.kind}
          onChange={(kind) => set({ kind })}
          options={(["amount", "percent", "gift"] as const).map((value) => ({
            value,
            label: t(`loyalty.coupon_${value}`),
          }))}
        />
        <div className="coupon-fields">
          {draft.kind === "amount" && yuan("face_fen", t("loyalty.face"))}
          {draft.kind === "percent" && (
            <>
              <Field label={t("loyalty.pay_percent")} help={t("loyalty.pay_percent_help")} error={fault("pay_percent")}>
                <InputNumber
                  min={1}
                  max={99}
                  precision={0}
                  suffix="%"
                  disabled={fixed}
                  value={draft.pay_percent}
                  onChange={(value) => set({ pay_percent: value ?? 90 })}
                />
              </Field>
              {yuan("most_off_fen", t("loyalty.most_off"), t("loyalty.most_off_help"))}
            </>
          )}
          {draft.kind === "gift" && (
            <Field label={t("loyalty.gift")} error={fault("gift")}>
              <Input
                disabled={fixed}
                value={draft.gift}
                maxLength={120}
                onChange={(e) => set({ gift: e.target.value })}
              />
            </Field>
          )}
          {yuan("threshold_fen", t("loyalty.threshold"), t("loyalty.threshold_help"))}
          <Field label={t("loyalty.goods")} help={t("loyalty.goods_help")} error={fault("goods")}>
            <Input
              disabled={fixed}
              value={draft.goods}
              maxLength={200}
              onChange={(e) => set({ goods: e.target.value })}
            />
          </Field>
        </div>
        <Segmented
          aria-label={t("loyalty.spell")}
          disabled={fixed}
          value={byDays ? "days" : "dates"}
          onChange={(by) => set(by === "days" ? { days: 30, from_on: null, until_on: null } : { days: null })}
          options={(["days", "dates"] as const).map((value) => ({ value, label: t(`loyalty.by_${value}`) }))}
        />
        {byDays ? (
          <Field label={t("loyalty.days")} help={t("loyalty.days_help")} error={fault("days")}>
            <InputNumber
              min={0}
              max={3650}
              precision={0}
              disabled={fixed}
              value={draft.days}
              onChange={(value) => set({ days: value ?? 0 })}
            />
          </Field>
        ) : (
          <Field
            label={t("loyalty.dates")}
            help={t("loyalty.dates_help")}
            error={fault("until_on") ?? fault("from_on")}
          >
            <DatePicker.RangePicker
              disabled={fixed}
              value={draft.from_on && draft.until_on ? [dayjs(draft.from_on), dayjs(draft.until_on)] : null}
              onChange={(range) =>
                set({
                  from_on: range?.[0]?.format("YYYY-MM-DD") ?? null,
                  until_on: range?.[1]?.format("YYYY-MM-DD") ?? null,
                })
              }
            />
          </Field>
        )}
        <div className="coupon-fields">
          <Field label={t("loyalty.stock")} help={t("loyalty.empty_no_bound")} error={fault("stock")}>
            <InputNumber min={1} precision={0} value={draft.stock} onChange={(stock) => set({ stock })} />
          </Field>
          <Field label={t("loyalty.per_person")} help={t("loyalty.per_person_help")} error={fault("per_person")}>
            <InputNumber
              min={1}
              precision={0}
              value={draft.per_person}
              onChange={(per_person) => set({ per_person })}
            />
          </Field>
          {yuan("cost_fen", t("loyalty.cost"), t("loyalty.cost_help"))}
        </div>
        <Field label={t("loyalty.terms")}>
          <Input.TextArea
            rows={2}
            maxLength={2000}
            value={draft.terms}
            onChange={(e) => set({ terms: e.target.value })}
          />
        </Field>
      </div>
    </Modal>
  );
}
