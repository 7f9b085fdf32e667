import type { CSSProperties, ReactNode } from "react";
import { Hint } from "./Hint";

type Props = { label: string; value: ReactNode; hint?: ReactNode; note?: ReactNode; side?: ReactNode };

/** One figure with its name, its definition on hover, a small curve beside it and a note under it. */
export function Figure({ label, value, hint, note, side }: Props) {
  return (
    <div className="figure">
      <p className="figure-label">
        {label}
        {hint && <Hint text={hint} of={label} />}
      </p>
      <div className="figure-row">
        <p className="figure-value num">{value}</p>
        {side}
      </div>
      {note && <p className="figure-note">{note}</p>}
    </div>
  );
}

const WIDEST = 7;

/** Figures in rows of equal length: eight become four and four, never seven and a stray one. */
export function Figures({ count, children }: { count: number; children: ReactNode }) {
  const lines = Math.max(1, Math.ceil(count / WIDEST));
  const style = { "--figures": Math.ceil(count / lines) } as CSSProperties;
  return (
    <div className={count === 11 ? "figures led" : "figures"} style={style}>
      {children}
    </div>
  );
}
