import { DatePicker, Segmented } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { useQueryState } from "@/ui/useQueryState";

const SPANS = [30, 90, 365] as const;

/** The days that the page is about, kept in its address; without them the server's own span. */
export function usePeriod() {
  const [params, change] = useQueryState();
  const from = params.get("from") ?? undefined;
  const to = params.get("to") ?? undefined;
  return { from, to, set: (days: { from: string | null; to: string | null }) => change(days) };
}

/** The last days by a tap, or any span. `shown` is what the server answered for. */
export function Period({ shown }: { shown?: { from_on: string; to_on: string } }) {
  const { t } = useTranslation();
  const { from, to, set } = usePeriod();
  const [params] = useQueryState();
  const last = shown ? dayjs(shown.to_on) : dayjs();
  const days = shown ? last.diff(dayjs(shown.from_on), "day") + 1 : 0;
  const pick = SPANS.find((one) => one === days) ?? 0;
  const since = (count: number) => ({
    from: last.subtract(count - 1, "day").format("YYYY-MM-DD"),
    to: last.format("YYYY-MM-DD"),
  });
  return (
    <span className="row" key={`${params.get("from")} ${params.get("to")}`}>
      <Segmented
        value={pick}
        onChange={(count) => set(since(Number(count)))}
        options={[
          ...SPANS.map((count) => ({ value: count as number, label: t("returns.last_days", { n: count }) })),
          ...(pick === 0 ? [{ value: 0, label: t("returns.own_span"), disabled: true }] : []),
        ]}
        aria-label={t("returns.period")}
      />
      <DatePicker.RangePicker
        aria-label={t("returns.period")}
        className="period-pick"
        allowClear={Boolean(from || to)}
        value={shown ? [dayjs(shown.from_on), dayjs(shown.to_on)] : null}
        onChange={(span) =>
          set({ from: span?.[0]?.format("YYYY-MM-DD") ?? null, to: span?.[1]?.format("YYYY-MM-DD") ?? null })
        }
      />
    </span>
  );
}
