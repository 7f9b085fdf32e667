import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Value } from "@/api/types";
import { Choice, Choices } from "./Choice";
import { useRules } from "./context";
import { NumberBox } from "./NumberBox";
import { valueShape } from "./operators";

export type WhereRow = { name: string; op: string; value?: Value };
type Known = { name: string; label: string; kind: "text" | "number" | "money"; samples: string[] };

type Props = {
  title: string;
  addLabel: string;
  rows: WhereRow[];
  known: Known[];
  operators: string[];
  least?: number;
  onChange: (rows: WhereRow[]) => void;
};

/** Conditions on what was bought or on the properties of an event; all must hold. */
export function Where({ title, addLabel, rows, known, operators, least = 0, onChange }: Props) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  const set = (index: number, row: WhereRow) => onChange(rows.map((old, i) => (i === index ? row : old)));
  return (
    <div className="where">
      {rows.map((row, index) => {
        const options = known.map((k) => ({ value: k.name, label: k.label }));
        if (row.name && !known.some((k) => k.name === row.name)) options.push({ value: row.name, label: row.name });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
          <div key={index} className="row tight where-row">
            <span className="muted small">{index === 0 ? title : t("segments.and")}</span>
            {known.length > 0 ? (
              <Choice
                label={t("segments.property")}
                value={row.name || undefined}
                options={options}
                onChange={(name) => set(index, { name, op: operators[0]!, value: undefined })}
                search
              />
            ) : (
              <Input
                aria-label={t("segments.property")}
                placeholder={t("segments.property")}
                value={row.name}
                onChange={(e) => set(index, { ...row, name: e.target.value })}
                style={{ width: 132 }}
                disabled={disabled}
              />
            )}
            <Choice
              label={t("segments.op")}
              value={row.op}
              width={104}
              options={operators.map((op) => ({ value: op, label: t(`segments.op_${op}`) }))}
              onChange={(op) =>
                set(index, { ...row, op, value: valueShape(op) === valueShape(row.op) ? row.value : undefined })
              }
            />
            <WhereValue
              row={row}
              known={known.find((k) => k.name === row.name)}
              onChange={(value) => set(index, { ...row, value })}
            />
            {rows.length > least && !disabled && (
              <Button
                type="text"
                size="small"
                icon={<CloseOutlined />}
                aria-label={t("segments.remove_where")}
                onClick={() => onChange(rows.filter((_, i) => i !== index))}
              />
            )}
          </div>
        );
      })}
      {!disabled && (
        <Button
          type="link"
          size="small"
          icon={<PlusOutlined />}
          onClick={() => onChange([...rows, { name: "", op: operators[0]! }])}
        >
          {addLabel}
        </Button>
      )}
    </div>
  );
}

function WhereValue({
  row,
  known,
  onChange,
}: {
  row: WhereRow;
  known: Known | undefined;
  onChange: (value: Value) => void;
}) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  const label = t("segments.value");
  const shape = valueShape(row.op);
  const samples = (known?.samples ?? []).map((sample) => ({ value: sample, label: sample }));
  if (shape === "none") return null;
  if (known && known.kind !== "text" && shape === "one") {
    return (
      <NumberBox
        label={label}
        value={row.value as number | undefined}
        money={known.kind === "money"}
        onChange={onChange}
      />
    );
  }
  if (shape === "many") {
    return (
      <Choices
        label={label}
        value={Array.isArray(row.value) ? row.value : []}
        options={samples}
        free
        onChange={onChange}
      />
    );
  }
  return (
    <Select
      mode="tags"
      maxCount={1}
      aria-label={label}
      placeholder={label}
      value={row.value == null || row.value === "" ? [] : [String(row.value)]}
      onChange={(values) => onChange(values.at(-1) ?? "")}
      options={samples}
      disabled={disabled}
      popupMatchSelectWidth={false}
      style={{ minWidth: 150, maxWidth: 260 }}
    />
  );
}
