import type { ReactNode } from "react";
import { Hint } from "./Hint";

type Props = { label: string; value: ReactNode; hint?: ReactNode; note?: ReactNode; side?: ReactNode };

/** One figure with its name, its definition on hover, and a note under it. */
export function Figure({ label, value, hint, note, side }: Props) {
  return (
    <div className="figure">
      <p className="figure-label">
        {label}
        {hint && <Hint text={hint} of={label} />}
      </p>
      <p className="figure-value num">{value}</p>
      {(note || side) && (
        <div className="figure-foot">
          <span className="small muted">{note}</span>
          {side}
        </div>
      )}
    </div>
  );
}
