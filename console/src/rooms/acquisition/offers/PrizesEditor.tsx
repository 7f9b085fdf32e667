import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CouponBox } from "@/rooms/journeys/settings/pickers";
import { Field } from "@/ui/Field";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { type Prize, useOdds } from "./queries";
import { MILLION, percent } from "./words";

type Props = {
  prizes: Prize[];
  onChange: (prizes: Prize[]) => void;
  fault: (field: string) => string | undefined;
  disabled: boolean;
};

/** Prizes with stock and odds, and what the odds come to when so many take part. */
export function PrizesEditor({ prizes, onChange, fault, disabled }: Props) {
  const { t } = useTranslation();
  const set = (place: number, change: Partial<Prize>) =>
    onChange(prizes.map((one, at) => (at === place ? { ...one, ...change } : one)));
  const add = () => onChange([...prizes, { name: "", coupon_id: 0, stock: 10, odds_ppm: 10_000 }]);
  return (
    <div className="stack">
      {prizes.map((prize, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: prizes have no other name while they are written
        <fieldset key={place} className="prize-row">
          <legend className="muted small">{t("offers.prize_n", { n: place + 1 })}</legend>
          <div className="coupon-fields">
            <Field label={t("offers.prize")} error={fault(`prizes[${place}].name`)}>
              <Input
                disabled={disabled}
                value={prize.name}
                maxLength={80}
                onChange={(e) => set(place, { name: e.target.value })}
              />
            </Field>
            <Field label={t("offers.coupon")} error={fault(`prizes[${place}].coupon_id`)}>
              <CouponBox
                label={t("offers.coupon")}
                disabled={disabled}
                value={prize.coupon_id || undefined}
                onChange={(id) => set(place, { coupon_id: id ?? 0 })}
              />
            </Field>
            <Field label={t("offers.prize_stock")} error={fault(`prizes[${place}].stock`)}>
              <InputNumber
                disabled={disabled}
                min={1}
                precision={0}
                value={prize.stock}
                onChange={(value) => set(place, { stock: value ?? 1 })}
              />
            </Field>
            <Field label={t("offers.odds")} error={fault(`prizes[${place}].odds_ppm`)}>
              <InputNumber
                disabled={disabled}
                min={0.0001}
                max={100}
                precision={4}
                suffix="%"
                value={prize.odds_ppm / 10_000}
                onChange={(value) => set(place, { odds_ppm: Math.round((value ?? 0.0001) * 10_000) })}
              />
            </Field>
          </div>
          {!disabled && (
            <Button
              size="small"
              icon={<DeleteOutlined />}
              onClick={() => onChange(prizes.filter((_, at) => at !== place))}
            >
              {t("ui.delete")}
            </Button>
          )}
        </fieldset>
      ))}
      {fault("prizes") && !prizes.length && (
        <span className="field-error" role="alert">
          {fault("prizes")}
        </span>
      )}
      {!disabled && prizes.length < 12 && (
        <Button icon={<PlusOutlined />} onClick={add}>
          {t("offers.add_prize")}
        </Button>
      )}
      {prizes.length > 0 && <Calculator prizes={prizes} />}
    </div>
  );
}

function Calculator({ prizes }: { prizes: Prize[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [people, setPeople] = useState(1000);
  const settled = useDebounced(prizes, 300);
  const odds = useOdds(settled, useDebounced(people, 300));
  const none = MILLION - prizes.reduce((sum, one) => sum + one.odds_ppm, 0);
  return (
    <div className="odds">
      <Field label={t("offers.expected_people")}>
        <InputNumber
          min={1}
          max={100_000_000}
          precision={0}
          value={people}
          onChange={(value) => setPeople(value ?? 1)}
        />
      </Field>
      {none < 0 ? (
        <p className="field-error">{t("offers.odds_over")}</p>
      ) : (
        <p className="muted small">
          {t("offers.no_prize")} {percent(none)} · {t("offers.gone_rule")}
        </p>
      )}
      {odds.data && (
        <ul className="plain-list">
          {odds.data.prizes.map((one, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as they stand above
            <li key={place}>
              {t("offers.odds_row", {
                name: one.name || t("offers.prize_n", { n: place + 1 }),
                given: f.count(one.given, 1),
                rate: f.rate(one.runs_out_rate),
              })}
            </li>
          ))}
          <li>
            <b>{t("offers.odds_cost", { cost: f.money(odds.data.cost_fen), most: f.money(odds.data.most_fen) })}</b>
          </li>
        </ul>
      )}
    </div>
  );
}
