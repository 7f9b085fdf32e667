import type { ReactNode } from "react";

/** An empty state teaches: one sentence, why, one thing to do. */
export function Empty({ title, hint, action }: { title: ReactNode; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <svg width="72" height="40" viewBox="0 0 72 40" aria-hidden="true">
        <path d="M2 30c9-7 16-7 23 0s14 7 23 0 16-7 22 0" fill="none" stroke="var(--edge)" strokeWidth="1.6" />
        <path d="M10 37c7-4 12-4 18 0m10 0c7-4 12-4 18 0" fill="none" stroke="var(--hair)" strokeWidth="1.6" />
        <circle cx="36" cy="12" r="7" fill="none" stroke="var(--edge)" strokeWidth="1.6" />
      </svg>
      <p className="empty-title">{title}</p>
      {hint && <p className="muted">{hint}</p>}
      {action && <div className="row empty-action">{action}</div>}
    </div>
  );
}
