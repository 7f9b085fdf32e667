import { type ReactNode, useEffect } from "react";
import { useBrand } from "@/shell/session";

type Props = { title: ReactNode; heading?: string; sub?: ReactNode; actions?: ReactNode; children?: ReactNode };

/** A page: its heading is there in every state, loading and failed ones included. */
export function Page({ title, heading, sub, actions, children }: Props) {
  const brand = useBrand();
  const text = heading ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = [text, brand.name].filter(Boolean).join(" · ");
  }, [text, brand.name]);
  return (
    <>
      <div className="page-head">
        <div className="page-title">
          <h1>{title}</h1>
          {sub && <p className="muted small">{sub}</p>}
        </div>
        {actions && <div className="row page-actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}
