import { Select } from "antd";
import { useTranslation } from "react-i18next";
import type { ImportFile, Mapping } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Hint } from "@/ui/Hint";
import { useFormat } from "@/ui/useFormat";

type Props = { file: ImportFile; mapping: Mapping; onChange: (mapping: Mapping) => void };

/** Which column of the file is which fact; every choice shows what is in the column. */
export function MappingTable({ file, mapping, onChange }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const used = new Set(Object.values(mapping).filter(Boolean));
  const unused = file.unknown_columns.filter((column) => !used.has(column));
  const options = file.columns.map((column) => ({ value: column.name, label: column.name }));
  const samples = (column: string | null | undefined) => file.columns.find((c) => c.name === column)?.samples ?? [];
  const facts = [
    file.format.toUpperCase(),
    file.encoding,
    f.bytes(file.bytes),
    file.row_count_estimate != null && t("orders.about_rows", { n: f.count(file.row_count_estimate) }),
    t(`orders.mapping_${file.mapping_from}`),
  ].filter(Boolean);
  return (
    <div className="stack">
      <p>
        <strong>{file.name}</strong> <span className="muted">{facts.join(" · ")}</span>
      </p>
      {file.export && (
        <p className="notice pine">
          {t("orders.recognised", { name: f.label(file.export.name), version: file.export.version })}{" "}
          {f.label(file.export.grain)}
          {t("orders.recognised_checked")}
        </p>
      )}
      {file.warnings.map((warning) => (
        <p key={warning.en} className="notice">
          {f.label(warning)}
        </p>
      ))}
      <DataTable
        caption={t("orders.check_mapping")}
        cards
        rows={file.fields}
        rowKey={(field) => field.field}
        columns={[
          {
            key: "field",
            title: t("orders.field"),
            render: (field) => (
              <span className="row tight">
                {f.label(field.name)}
                {field.required && <Chip tone="ochre">{t("orders.required")}</Chip>}
                {f.label(field.help) && <Hint text={f.label(field.help)} of={f.label(field.name)} />}
              </span>
            ),
          },
          {
            key: "column",
            title: t("orders.column"),
            render: (field) => (
              <Select
                allowClear
                showSearch
                aria-label={t("orders.column_of", { field: f.label(field.name) })}
                placeholder={t("orders.no_column")}
                status={field.required && !mapping[field.field] ? "error" : undefined}
                value={mapping[field.field] ?? undefined}
                options={options}
                popupMatchSelectWidth={false}
                onChange={(column?: string) => onChange({ ...mapping, [field.field]: column ?? null })}
                style={{ width: 220, maxWidth: "100%" }}
              />
            ),
          },
          {
            key: "samples",
            title: t("orders.samples"),
            wrap: true,
            render: (field) => (
              <span className="samples">
                {samples(mapping[field.field])
                  .slice(0, 4)
                  .map((sample, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: samples may repeat
                    <code key={index}>{sample}</code>
                  ))}
              </span>
            ),
          },
        ]}
      />
      {unused.length > 0 && <p className="muted small">{t("orders.unused", { columns: unused.join("、") })}</p>}
    </div>
  );
}
