import { DatePicker } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";

type Props = { value: string | null; shown?: string; onChange: (on: string | null) => void };

/** The day a report looks back from; empty means the newest data, whose day is `shown`. */
export function AsOf({ value, shown, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <DatePicker
      aria-label={t("ui.as_of_pick")}
      placeholder={shown ? t("ui.as_of", { on: shown }) : t("ui.as_of_pick")}
      value={value ? dayjs(value) : null}
      onChange={(day) => onChange(day ? day.format("YYYY-MM-DD") : null)}
      style={{ width: 156 }}
    />
  );
}
