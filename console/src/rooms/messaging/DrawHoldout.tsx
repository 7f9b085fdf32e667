import { App, InputNumber, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { type Holdout, useDraw, useOutlook } from "./holdoutQueries";

const MOST_PERCENT = 20;
const ONE_QUARTER = 92;
type Ends = "quarter" | "next" | "open";
type Props = { before?: Holdout; close: () => void; done: () => void };

/** How many, for how long; what that would cost and could show is said before anybody is drawn. */
export function DrawHoldout({ before, close, done }: Props) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [percent, setPercent] = useState((before?.rate ?? 0.05) * 100);
  const [ends, setEnds] = useState<Ends>("quarter");
  const settled = useDebounced(percent, 250);
  const left = useOutlook(settled / 100, ONE_QUARTER).data?.quarter_days;
  const days: Record<Ends, number | null> = {
    quarter: left ?? ONE_QUARTER,
    next: (left ?? 0) + ONE_QUARTER,
    open: null,
  };
  const draw = useDraw();
  const go = () =>
    draw.mutate(
      { rate: percent / 100, days: days[ends] },
      {
        onSuccess: () => {
          void message.success(t("messaging.hold_did_draw"));
          done();
        },
      },
    );
  return (
    <Modal
      open
      title={t(before ? "messaging.hold_renew_title" : "messaging.hold_draw_title")}
      okText={t(before ? "messaging.hold_renew" : "messaging.hold_draw")}
      cancelText={t("ui.cancel")}
      confirmLoading={draw.isPending}
      okButtonProps={{ disabled: !(percent > 0 && percent <= MOST_PERCENT) || left === undefined }}
      onOk={go}
      onCancel={close}
    >
      <div className="form">
        <p className="muted">{t(before ? "messaging.hold_renew_hint" : "messaging.hold_draw_hint")}</p>
        <Field label={t("messaging.hold_rate")} help={t("messaging.hold_rate_help")}>
          <InputNumber
            min={0.1}
            max={MOST_PERCENT}
            step={1}
            suffix="%"
            value={percent}
            onChange={(value) => setPercent(value ?? 0)}
          />
        </Field>
        <fieldset className="field plain-fieldset">
          <legend className="field-label">{t("messaging.hold_until")}</legend>
          <Radio.Group
            value={ends}
            onChange={(event) => setEnds(event.target.value as Ends)}
            options={(["quarter", "next", "open"] as const).map((value) => ({
              value,
              label: t(`messaging.hold_until_${value}`, { n: days[value] ?? 0 }),
            }))}
          />
        </fieldset>
        <Coming rate={settled / 100} days={days[ends] ?? ONE_QUARTER} />
        {draw.error && <ProblemView error={draw.error} compact />}
      </div>
    </Modal>
  );
}

/** By as many days that have passed. */
function Coming({ rate, days }: { rate: number; days: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useOutlook(rate, days);
  return (
    <QueryView query={query} lines={3}>
      {(found) => (
        <ul className="notice indigo plain-list" aria-live="polite">
          <li>{t("messaging.hold_cost", { n: f.count(found.held_count), all: f.count(found.people_count) })}</li>
          <li>{t("messaging.hold_at_stake", { days: f.count(days), money: f.moneyShort(found.spend_fen) })}</li>
          <li>
            {found.smallest_share === null
              ? t("messaging.hold_cannot_say")
              : t("messaging.hold_can_show", {
                  base: f.rate(found.buyer_share),
                  points: f.count(found.smallest_share * 100, 2),
                  money: f.money(found.smallest_fen),
                })}
          </li>
        </ul>
      )}
    </QueryView>
  );
}
