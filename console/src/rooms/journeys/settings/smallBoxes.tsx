import { ArrowUpOutlined, CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Values } from "../model/definition";

const CARRIERS = ["wecom", "official_account", "mini_program", "sms", "email", "webhook"];

type TextProps = { label: string; value: string; onChange: (value: string) => void; disabled: boolean };

/** The browser's own boxes for times and dates: they know the keyboard and the language. */
export const ClockBox = ({ label, value, onChange, disabled }: TextProps) => (
  <Input
    type="time"
    aria-label={label}
    value={value}
    onChange={(e) => onChange(e.target.value)}
    disabled={disabled}
    style={{ width: 130 }}
  />
);

export const DateBox = ({ label, value, onChange, disabled }: TextProps) => (
  <Input
    type="date"
    aria-label={label}
    value={value}
    onChange={(e) => onChange(e.target.value)}
    disabled={disabled}
    style={{ width: 160 }}
  />
);

type CarriersProps = { value: string[]; onChange: (value: string[]) => void; disabled: boolean; one?: boolean };

/** Carriers in order: whom the first does not reach is tried by the next. */
export function CarriersBox({ value, onChange, disabled, one }: CarriersProps) {
  const { t } = useTranslation();
  const name = (carrier: string) => t(`campaigns.carrier_${carrier}`, { defaultValue: carrier });
  const left = CARRIERS.filter((carrier) => !value.includes(carrier));
  return (
    <div className="jcarriers">
      <ol>
        {value.map((carrier, at) => (
          <li key={carrier}>
            <span>
              {value.length > 1 && <b className="num">{at + 1} </b>}
              {name(carrier)}
            </span>
            {!disabled && at > 0 && (
              <Button
                type="text"
                size="small"
                icon={<ArrowUpOutlined />}
                aria-label={t("journeys.carrier_up", { name: name(carrier) })}
                onClick={() =>
                  onChange([...value.slice(0, at - 1), carrier, value[at - 1] as string, ...value.slice(at + 1)])
                }
              />
            )}
            {!disabled && (
              <Button
                type="text"
                size="small"
                icon={<CloseOutlined />}
                aria-label={t("journeys.carrier_remove", { name: name(carrier) })}
                onClick={() => onChange(value.filter((other) => other !== carrier))}
              />
            )}
          </li>
        ))}
      </ol>
      {!disabled && left.length > 0 && !(one && value.length) && (
        <Select
          aria-label={t("journeys.carrier_add")}
          placeholder={t("journeys.carrier_add")}
          value={null}
          onChange={(carrier: string | null) => carrier && onChange(one ? [carrier] : [...value, carrier])}
          options={left.map((carrier) => ({ value: carrier, label: name(carrier) }))}
          style={{ width: "100%" }}
        />
      )}
    </div>
  );
}

type MapProps = { value: Values; onChange: (value: Values) => void; disabled: boolean };

/** Names and values, such as which field of an answer becomes which property. */
export function MapBox({ value, onChange, disabled }: MapProps) {
  const { t } = useTranslation();
  const rows = Object.entries(value);
  const put = (at: number, name: string, text: string) =>
    onChange(Object.fromEntries(rows.map((row, index) => (index === at ? [name, text] : row))));
  return (
    <div className="jmapbox">
      {rows.map(([name, one], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is typed
        <span key={at} className="row tight">
          <Input
            aria-label={t("journeys.map_name")}
            value={name}
            onChange={(e) => put(at, e.target.value, String(one))}
            disabled={disabled}
          />
          <Input
            aria-label={t("journeys.map_value")}
            value={String(one)}
            onChange={(e) => put(at, name, e.target.value)}
            disabled={disabled}
          />
          {!disabled && (
            <Button
              type="text"
              size="small"
              icon={<CloseOutlined />}
              aria-label={t("journeys.row_remove", { name, n: at + 1 })}
              onClick={() => onChange(Object.fromEntries(rows.filter((_, index) => index !== at)))}
            />
          )}
        </span>
      ))}
      {!disabled && !("" in value) && (
        <Button size="small" icon={<PlusOutlined />} onClick={() => onChange({ ...value, "": "" })}>
          {t("journeys.row_add")}
        </Button>
      )}
    </div>
  );
}

type WeekdaysProps = { label: string; value: number[]; onChange: (days: number[]) => void; disabled: boolean };

export function WeekdaysBox({ label, value, onChange, disabled }: WeekdaysProps) {
  const { t } = useTranslation();
  return (
    <Select
      mode="multiple"
      aria-label={label}
      placeholder={t("journeys.every_day")}
      value={value}
      onChange={(days: number[]) => onChange([...days].sort())}
      options={[1, 2, 3, 4, 5, 6, 7].map((day) => ({ value: day, label: t(`journeys.weekday_${day}`) }))}
      disabled={disabled}
      style={{ width: "100%" }}
    />
  );
}

const FIELDS = ["birthday", "registered", "first_order", "last_order", "last_active"];

/** A date of the person: one that everybody may have, or an attribute or trait by its name. */
export function DateFieldBox({ label, value, onChange, disabled }: TextProps) {
  const { t } = useTranslation();
  return (
    <AutoComplete
      aria-label={label}
      value={value}
      onChange={onChange}
      options={FIELDS.map((field) => ({ value: field, label: t(`journeys.date_${field}`) }))}
      placeholder="birthday · trait:7 · custom:…"
      disabled={disabled}
      style={{ width: "100%" }}
    />
  );
}
