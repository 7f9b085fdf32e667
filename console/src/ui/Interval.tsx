import { useTranslation } from "react-i18next";

type Props = {
  low: number;
  high: number;
  point: number;
  /** How a value is written on the axis. */
  text: (value: number) => string;
  label: string;
  /** The same span for several intervals under each other, so that they compare. */
  span?: [number, number];
};

/** The span that shows every interval and nothing (0) with some air on both sides. */
export function spanOf(values: number[]): [number, number] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const air = (high - low || 1) * 0.12;
  return [low - air, high + air];
}

/** An estimate with its interval against the line of no effect. The bar is as wide as the doubt is, and touches the line when nothing is shown. */
export function Interval({ low, high, point, text, label, span }: Props) {
  const { t } = useTranslation();
  const [from, to] = span ?? spanOf([low, high, point]);
  const place = (value: number) => `${(Math.min(1, Math.max(0, (value - from) / (to - from))) * 100).toFixed(2)}%`;
  const tone = low > 0 ? "up" : high < 0 ? "down" : "open";
  const said = t("ui.interval", { point: text(point), low: text(low), high: text(high) });
  return (
    <div className={`estimate ${tone}`} role="img" aria-label={`${label}: ${said}`}>
      <div className="estimate-track">
        <i className="estimate-zero" style={{ left: place(0) }} />
        <i className="estimate-bar" style={{ left: place(low), right: `calc(100% - ${place(high)})` }} />
        <i className="estimate-point" style={{ left: place(point) }} />
      </div>
      <div className="estimate-axis num" aria-hidden="true">
        <span style={{ left: place(low) }}>{text(low)}</span>
        <span style={{ left: place(high) }}>{text(high)}</span>
      </div>
    </div>
  );
}
