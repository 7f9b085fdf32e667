import { Interval, spanOf } from "./Interval";

type Shown = { difference: number; low: number | null; high: number | null };
type Props = {
  name: string;
  unit?: string;
  effect: Shown | null;
  /** Drawn on one scale with these. */
  others?: (Shown | null)[];
  text: (value: number) => string;
};

/** One line of a list of effects: what, how much, and how sure. Nothing where no interval is defined. */
export function EffectRow({ name, unit, effect, others = [], text }: Props) {
  if (!effect || effect.low === null || effect.high === null) return null;
  const values = [effect, ...others].flatMap((one) => (one ? [one.low ?? 0, one.high ?? 0, one.difference] : []));
  return (
    <div>
      <dt>
        {name} {unit && <span className="muted small">{unit}</span>}
      </dt>
      <dd className="num effect-point">{text(effect.difference)}</dd>
      <dd>
        <Interval
          label={name}
          low={effect.low}
          high={effect.high}
          point={effect.difference}
          text={text}
          span={spanOf(values)}
        />
      </dd>
    </div>
  );
}
