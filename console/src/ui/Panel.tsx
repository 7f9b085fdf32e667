import { type ReactNode, useId } from "react";
import { Hint } from "./Hint";

type Props = {
  title?: ReactNode;
  hint?: ReactNode;
  extra?: ReactNode;
  className?: string;
  flush?: boolean;
  children: ReactNode;
};

export function Panel({ title, hint, extra, className = "", flush, children }: Props) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={title ? id : undefined}>
      {(title || extra) && (
        <div className="panel-head">
          <h2 id={id}>
            {title}
            {hint && <Hint text={hint} />}
          </h2>
          {extra && <div className="row">{extra}</div>}
        </div>
      )}
      <div className={flush ? "panel-body flush" : "panel-body"}>{children}</div>
    </section>
  );
}
