import { Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { newRef, useAct } from "./queries";
import { CODE_TONE } from "./words";

/** A code that a customer shows is looked up, redeemed, or given back after a refund. */
export function RedeemModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [ref, setRef] = useState(newRef);
  const [code, setCode] = useState("");
  const [order, setOrder] = useState<number | null>(null);
  const look = useAct(async () =>
    must(api.GET("/api/v1/loyalty/codes/{code}", { params: { path: { code: code.trim() } } })),
  );
  const redeem = useAct(async () => {
    const order_fen = order == null ? null : Math.round(order * 100);
    await must(api.POST("/api/v1/loyalty/redemptions", { body: { code, ref, order_fen, order_no: "", place: "" } }));
    look.mutate(undefined);
  });
  const back = useAct(async () => {
    const used = look.data?.code.redemption;
    if (!used) return;
    const body = { code, ref: used.ref, reason: t("loyalty.refund") };
    await must(api.POST("/api/v1/loyalty/redemptions/reverse", { body }));
    setRef(newRef());
    look.mutate(undefined);
  });
  const held = look.data;
  const wrong = look.error instanceof ProblemError ? look.error.message : null;
  const redeemed = held?.code.state === "redeemed";
  const act = !held ? look : redeemed ? back : redeem;
  return (
    <Modal
      open
      title={t("loyalty.redeem")}
      onCancel={onClose}
      cancelText={t("ui.close")}
      onOk={() => act.mutate(undefined)}
      okText={t(!held ? "loyalty.look_up" : redeemed ? "loyalty.give_back" : "loyalty.redeem")}
      okButtonProps={{
        loading: act.isPending,
        danger: redeemed,
        disabled: !code.trim() || (!!held && !held.code.usable && !redeemed),
      }}
    >
      <div className="form">
        <Field label={t("loyalty.code")} help={t("loyalty.code_help")} error={wrong}>
          <Input
            autoFocus
            value={code}
            maxLength={40}
            placeholder="XXXX-XXXX-XXXX"
            onChange={(e) => {
              setCode(e.target.value);
              look.reset();
            }}
            onPressEnter={() => !held && code.trim() && look.mutate(undefined)}
          />
        </Field>
        {held && (
          <div className="stack" role="status">
            <p className="row">
              <strong>{held.coupon.name}</strong>
              <Chip tone={CODE_TONE[held.code.state]}>{t(`loyalty.state_${held.code.state}`)}</Chip>
            </p>
            <p>{f.label(held.coupon.promise)}</p>
            <p className="muted small">
              <Link to={`/customers/${held.code.customer_id}`} onClick={onClose}>
                {held.code.customer?.name || t("customers.nameless", { id: held.code.customer_id })}
              </Link>{" "}
              · {t("loyalty.until_day", { day: held.code.last_on })}
              {held.coupon.goods && ` · ${held.coupon.goods}`}
            </p>
            {held.code.redemption && (
              <p>
                {t("loyalty.used_at", { at: f.time(held.code.redemption.at), by: held.code.redemption.by })} ·{" "}
                {f.money(held.code.redemption.value_fen)}
              </p>
            )}
            {held.code.usable && (
              <Field label={t("loyalty.order_amount")} help={t("loyalty.order_amount_help")}>
                <InputNumber min={0} precision={2} prefix={f.symbol} value={order} onChange={setOrder} />
              </Field>
            )}
          </div>
        )}
      </div>
    </Modal>
  );
}
