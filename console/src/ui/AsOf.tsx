import { DatePicker } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";

/** The day a report looks back from; empty means the newest data. */
export function AsOf({ value, onChange }: { value: string | null; onChange: (on: string | null) => void }) {
  const { t } = useTranslation();
  return (
    <DatePicker
      aria-label={t("ui.as_of_pick")}
      placeholder={t("ui.as_of_pick")}
      value={value ? dayjs(value) : null}
      onChange={(day) => onChange(day ? day.format("YYYY-MM-DD") : null)}
      style={{ width: 138 }}
    />
  );
}
