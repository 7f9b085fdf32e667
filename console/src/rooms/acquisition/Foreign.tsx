import { AutoComplete, Checkbox, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import type { Entry } from "./queries";

/** What was paid in another currency: its three letters, how much, and what one unit of it cost in the brand's own. */
export type Foreign = { currency: string; amount: number | null; rate: string | null };

const USUAL = ["USD", "HKD", "EUR", "JPY", "GBP", "SGD", "KRW", "TWD", "AUD", "CNY"];
const SIGNS = 8;

export const foreignOf = (entry: Entry | null): Foreign | null =>
  entry?.original_fen && entry.rate
    ? { currency: entry.currency, amount: entry.original_fen / 100, rate: entry.rate }
    : null;

/** Fen of the brand's currency, half a fen up, as the ledger reckons it; null until everything is known. */
export function converted({ currency, amount, rate }: Foreign): number | null {
  if (!/^[A-Z]{3}$/.test(currency) || !amount || !rate || !/^\d+(\.\d+)?$/.test(rate)) return null;
  const [units = "0", part = ""] = rate.split(".");
  const one = 10n ** BigInt(SIGNS);
  const exact = BigInt(units) * one + BigInt(part.slice(0, SIGNS).padEnd(SIGNS, "0"));
  return Number((BigInt(Math.round(amount * 100)) * exact * 2n + one) / (one * 2n));
}

type Props = { value: Foreign | null; onChange: (value: Foreign | null) => void; error: string | undefined };

export function ForeignFields({ value, onChange, error }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const worth = value && converted(value);
  return (
    <>
      <Checkbox
        checked={value !== null}
        onChange={(e) => onChange(e.target.checked ? { currency: "USD", amount: null, rate: null } : null)}
      >
        {t("acquire.foreign")}
      </Checkbox>
      {value && (
        <Field
          label={t("acquire.foreign_paid")}
          help={worth ? t("acquire.foreign_worth", { money: f.money(worth) }) : t("acquire.foreign_hint")}
          error={error}
        >
          <div className="foreign-row">
            <AutoComplete
              aria-label={t("acquire.foreign_currency")}
              value={value.currency}
              options={USUAL.map((one) => ({ value: one }))}
              onChange={(typed: string) => onChange({ ...value, currency: typed.toUpperCase().slice(0, 3) })}
            />
            <InputNumber
              aria-label={t("acquire.foreign_amount")}
              placeholder={t("acquire.foreign_amount")}
              min={0.01}
              precision={2}
              value={value.amount}
              onChange={(amount) => onChange({ ...value, amount })}
            />
            <InputNumber
              aria-label={t("acquire.foreign_rate")}
              placeholder={t("acquire.foreign_rate")}
              stringMode
              min="0"
              controls={false}
              value={value.rate}
              onChange={(rate) => onChange({ ...value, rate: rate === null ? null : String(rate) })}
            />
          </div>
        </Field>
      )}
    </>
  );
}
