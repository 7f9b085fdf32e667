import { Input, type InputRef } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { FieldLimits } from "./FieldLimits";
import type { Fits, Limit, Variable } from "./queries";
import { VariableMenu } from "./VariableMenu";

type Props = {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
  rows?: number;
  help?: string;
  variables?: Variable[];
  limits?: Limit[];
  fits?: Fits;
};

/** Words that may hold variables: a menu puts one in at the cursor, and each carrier's limit is counted below while one writes. */
export function VariableText({ label, name, value, onChange, rows = 1, help, variables, limits, fits }: Props) {
  const { t } = useTranslation();
  const area = useRef<TextAreaRef>(null);
  const line = useRef<InputRef>(null);
  const insert = (text: string) => {
    const box = area.current?.resizableTextArea?.textArea ?? line.current?.input;
    const from = box?.selectionStart ?? value.length;
    const to = box?.selectionEnd ?? from;
    onChange(value.slice(0, from) + text + value.slice(to));
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(from + text.length, from + text.length);
    });
  };
  return (
    <div className="variable-text">
      <Field label={label} help={help}>
        {rows > 1 ? (
          <Input.TextArea
            ref={area}
            autoSize={{ minRows: rows, maxRows: 16 }}
            value={value}
            onChange={(e) => onChange(e.target.value)}
          />
        ) : (
          <Input ref={line} value={value} onChange={(e) => onChange(e.target.value)} />
        )}
      </Field>
      {variables && variables.length > 0 && (
        <VariableMenu
          variables={variables}
          onInsert={insert}
          label={t("content.insert_variable_into", { field: label })}
        />
      )}
      <FieldLimits name={name} value={value} limits={limits} fits={fits} />
    </div>
  );
}
