import { DatePicker, InputNumber, Modal } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useRates, useSetRates } from "./queries";

/** What staff's time costs: with both rates it accrues for every new friend, daily. */
export function RatesModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useRates();
  const put = useSetRates();
  const last = (name: string) => query.data?.items.find((one) => one.name === name)?.value;
  const [hour, setHour] = useState<number | null>(null);
  const [seconds, setSeconds] = useState<number | null>(null);
  const [from, setFrom] = useState(dayjs());
  const submit = () => {
    const from_on = from.format("YYYY-MM-DD");
    const rates = [
      ...(hour === null ? [] : [{ name: "staff_hour_fen" as const, from_on, value: Math.round(hour * 100) }]),
      ...(seconds === null ? [] : [{ name: "seconds_per_add" as const, from_on, value: seconds }]),
    ];
    put.mutate({ rates }, { onSuccess: onClose });
  };
  return (
    <Modal
      open
      title={t("acquire.rates")}
      onCancel={onClose}
      okText={t("ui.save")}
      onOk={submit}
      okButtonProps={{ disabled: hour === null && seconds === null, loading: put.isPending }}
    >
      <QueryView query={query}>
        {(data) => (
          <div className="form">
            <p className="muted">{t("acquire.rates_hint")}</p>
            <div className="acquire-pair">
              <Field label={t("acquire.staff_hour")}>
                <InputNumber
                  min={0}
                  max={100_000}
                  precision={2}
                  prefix={f.symbol}
                  placeholder={String((last("staff_hour_fen") ?? 0) / 100)}
                  value={hour}
                  onChange={setHour}
                />
              </Field>
              <Field label={t("acquire.seconds_per_add")}>
                <InputNumber
                  min={0}
                  max={86_400}
                  precision={0}
                  placeholder={String(last("seconds_per_add") ?? 0)}
                  value={seconds}
                  onChange={setSeconds}
                />
              </Field>
              <Field label={t("acquire.from_on")}>
                <DatePicker allowClear={false} value={from} onChange={(day) => day && setFrom(day)} />
              </Field>
            </div>
            {data.items.length > 0 && (
              <ul className="small muted">
                {data.items.slice(0, 8).map((one) => (
                  <li key={`${one.name} ${one.from_on} ${one.at}`}>
                    {one.from_on} {f.label(one.label)} {f.count(one.value)} · {one.by}
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </QueryView>
    </Modal>
  );
}
