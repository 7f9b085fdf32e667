import { TableOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover } from "antd";
import { useTranslation } from "react-i18next";
import type { ColumnInfo } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

type Props = { columns: ColumnInfo[]; shown: string[]; onChange: (keys: string[] | null) => void };

export function ColumnChooser({ columns, shown, onChange }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const content = (
    <div className="column-chooser">
      {columns.map((column) => (
        <Checkbox
          key={column.key}
          checked={shown.includes(column.key)}
          disabled={column.key === "name"}
          onChange={(e) =>
            onChange(
              columns
                .filter((c) => (c.key === column.key ? e.target.checked : shown.includes(c.key)))
                .map((c) => c.key),
            )
          }
        >
          {f.label(column.name)}
        </Checkbox>
      ))}
      <Button size="small" type="link" onClick={() => onChange(null)}>
        {t("customers.columns_reset")}
      </Button>
    </div>
  );
  return (
    <Popover content={content} trigger="click" placement="bottomRight" title={t("customers.columns")}>
      <Button icon={<TableOutlined />} aria-label={t("customers.columns")}>
        <span className="only-wide">{t("customers.columns")}</span>
      </Button>
    </Popover>
  );
}
