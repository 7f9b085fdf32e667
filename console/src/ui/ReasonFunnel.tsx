import type { ReactNode } from "react";
import { Hint } from "./Hint";
import { useFormat } from "./useFormat";

export type FunnelStep = {
  key: string;
  label: ReactNode;
  count: number;
  /** Left in pine, taken out in ochre. */
  out?: boolean;
  hint?: ReactNode;
  /** What to do about it, or where it leads. */
  note?: ReactNode;
};

type Props = { label: string; steps: FunnelStep[]; whole: number; onOpen?: (key: string) => void };

/** Who is left and who is taken out, step by step, all on one scale; every number opens its people. */
export function ReasonFunnel({ label, steps, whole, onOpen }: Props) {
  const f = useFormat();
  return (
    <ol className="rfunnel" aria-label={label}>
      {steps.map((step) => (
        <li key={step.key} className={step.out ? "out" : "in"}>
          <span className="rfunnel-name">
            {step.out && <span aria-hidden="true">− </span>}
            {step.label}
            {step.hint && <Hint text={step.hint} />}
          </span>
          <span className="rfunnel-bar" aria-hidden="true">
            <i style={{ width: `${whole ? Math.max(step.count ? 0.4 : 0, (step.count / whole) * 100) : 0}%` }} />
          </span>
          <span className="rfunnel-count num">
            {onOpen && step.count > 0 ? (
              <button type="button" className="plain link" onClick={() => onOpen(step.key)}>
                {f.count(step.count)}
              </button>
            ) : (
              f.count(step.count)
            )}
            <small className="muted"> {whole ? f.rate(step.count / whole) : ""}</small>
          </span>
          {step.note && <span className="rfunnel-note small muted">{step.note}</span>}
        </li>
      ))}
    </ol>
  );
}
