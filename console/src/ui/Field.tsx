import type { ReactNode } from "react";

type Props = { label: ReactNode; error?: string | null; help?: ReactNode; children: ReactNode };

/** A labelled control; wrapping it in the label needs no ids. */
export function Field({ label, error, help, children }: Props) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="field">
      <span className="field-label">{label}</span>
      {children}
      {error ? (
        <span className="field-error" role="alert">
          {error}
        </span>
      ) : (
        help && <span className="muted small">{help}</span>
      )}
    </label>
  );
}
