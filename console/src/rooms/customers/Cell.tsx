import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ColumnInfo, CustomerRow, Stage } from "@/api/types";
import { Chip, StageChip } from "@/ui/Chip";
import { type Format, useFormat } from "@/ui/useFormat";
import { useWords } from "./words";

const TAGS_SHOWN = 3;

/** One cell, drawn by the kind the server gives its column. */
export function Cell({ row, column }: { row: CustomerRow; column: ColumnInfo }) {
  const f = useFormat();
  const { t } = useTranslation();
  const word = useWords();
  const value = column.key in row ? (row as Record<string, unknown>)[column.key] : row.traits?.[column.key];
  if (column.key === "name") {
    return (
      <Link to={`/customers/${row.id}`} className="person">
        <span className="initial" aria-hidden="true">
          {Array.from(row.name || "#")[0]}
        </span>
        {row.name || t("customers.nameless", { id: row.id })}
      </Link>
    );
  }
  if (column.key === "stage") return <StageChip stage={value as Stage | null} />;
  if (column.kind === "tags") return <TagsCell tags={(value as string[] | null) ?? []} />;
  if (column.key === "rfm" && value) return <code className="rfm-code">{String(value)}</code>;
  if (column.key === "source" && value) return <>{word("source", String(value))}</>;
  return <>{cellText(value, column, f)}</>;
}

export function cellText(value: unknown, column: ColumnInfo, f: Format): string {
  if (value === null || value === undefined || value === "") return "–";
  if (column.kind === "money") return f.money(Number(value));
  if (column.kind === "number") return typeof value === "number" ? f.count(value, 2) : String(value);
  if (column.kind === "date") return f.date(String(value));
  const option = column.options?.find((o) => o.value === String(value));
  return option ? f.label(option.name) : String(value);
}

function TagsCell({ tags }: { tags: string[] }) {
  if (tags.length === 0) return <span className="muted">–</span>;
  const rest = tags.slice(TAGS_SHOWN);
  return (
    <span className="chips">
      {tags.slice(0, TAGS_SHOWN).map((tag) => (
        <Chip key={tag}>{tag}</Chip>
      ))}
      {rest.length > 0 && <span title={rest.join("、")}>+{rest.length}</span>}
    </span>
  );
}
