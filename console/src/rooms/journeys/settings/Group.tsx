import type { ComponentProps } from "react";
import type { Field } from "@/ui/Field";

/** Like a field, for more than one control: a label may name only one. */
export function Group({ label, error, help, children }: ComponentProps<typeof Field>) {
  return (
    <fieldset className="jset-group bare">
      <legend>{label}</legend>
      {children}
      {error ? (
        <span className="field-error" role="alert">
          {error}
        </span>
      ) : (
        help && <span className="muted small">{help}</span>
      )}
    </fieldset>
  );
}
