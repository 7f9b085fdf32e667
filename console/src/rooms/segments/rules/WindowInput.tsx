import { useTranslation } from "react-i18next";
import type { Unit, Window } from "@/api/types";
import { Choice } from "./Choice";
import { DateBox } from "./DateBox";
import { NumberBox } from "./NumberBox";

type Shape = "ever" | "last" | "ago" | "dates";

export function windowShape(window: Window | undefined): Shape {
  if (!window) return "ever";
  if ("last" in window) return window.until_last === undefined ? "last" : "ago";
  return "dates";
}

function windowOf(shape: Shape): Window | undefined {
  if (shape === "last") return { last: 30, unit: "day" };
  if (shape === "ago") return { last: 60, until_last: 30, unit: "day" };
  return shape === "dates" ? {} : undefined;
}

type Props = { value: Window | undefined; onChange: (window: Window | undefined) => void; required?: boolean };

/** The time a condition looks at: relative, between two points in the past, or fixed dates. */
export function WindowInput({ value, onChange, required }: Props) {
  const { t } = useTranslation();
  const shape = windowShape(value);
  const shapes = (["ever", "last", "ago", "dates"] as Shape[]).filter(
    (s) => s !== "ever" || !required || shape === "ever",
  );
  const units = (["day", "week", "month", "hour", "minute"] as Unit[]).map((unit) => ({
    value: unit,
    label: t(`segments.unit_${unit}`),
  }));
  return (
    <span className="row tight">
      <Choice
        label={t("segments.window")}
        value={shape}
        width={116}
        options={shapes.map((s) => ({ value: s, label: t(`segments.window_${s}`) }))}
        onChange={(next) => onChange(windowOf(next))}
      />
      {value && "last" in value && (
        <>
          <NumberBox
            label={t("segments.window_length")}
            value={value.last}
            min={0}
            width={64}
            onChange={(last) => onChange({ ...value, last })}
          />
          {value.until_last !== undefined && (
            <>
              <span>{t("segments.window_to")}</span>
              <NumberBox
                label={t("segments.window_until")}
                value={value.until_last}
                min={0}
                width={64}
                onChange={(until_last) => onChange({ ...value, until_last })}
              />
            </>
          )}
          <Choice
            label={t("segments.unit")}
            value={value.unit ?? "day"}
            width={80}
            options={units}
            onChange={(unit) => onChange({ ...value, unit })}
          />
          {value.until_last !== undefined && <span>{t("segments.window_before")}</span>}
        </>
      )}
      {value && !("last" in value) && (
        <>
          <DateBox
            label={t("segments.window_from")}
            value={value.from}
            onChange={(from) => onChange({ ...value, from })}
          />
          <span aria-hidden="true">–</span>
          <DateBox
            label={t("segments.window_before_day")}
            value={value.to}
            onChange={(to) => onChange({ ...value, to })}
          />
        </>
      )}
    </span>
  );
}
