type Props = { value: number | null; tone?: "pine" | "indigo" | "cinnabar" | "ochre"; label?: string; busy?: boolean };

/** A thin bar 0..1; with `label` it is announced as progress, without it is decoration beside a figure. */
export function Bar({ value, tone = "pine", label, busy }: Props) {
  const percent = value == null ? null : Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10;
  const aria = label
    ? {
        role: "progressbar",
        "aria-label": label,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": percent ?? undefined,
      }
    : { "aria-hidden": true };
  return (
    <span className={`bar ${tone} ${busy && percent == null ? "unknown" : ""}`} {...aria}>
      <i style={{ width: `${percent ?? (busy ? 35 : 0)}%` }} />
    </span>
  );
}
