import { Checkbox } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export type Column<T> = {
  key: string;
  title: ReactNode;
  render: (row: T) => ReactNode;
  align?: "right" | "center";
  sort?: string;
  width?: number | string;
  wrap?: boolean;
};

type Props<T> = {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
  sort?: string | null;
  onSort?: (sort: string) => void;
  selected?: Set<string | number>;
  onSelect?: (selected: Set<string | number>) => void;
  /** On a phone each row becomes a card with its headings, instead of a wide scroll. */
  cards?: boolean;
  dim?: boolean;
};

/** The one table: plain HTML, sortable heads, selection, sticky first row. */
export function DataTable<T>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  selected,
  onSelect,
  cards,
  dim,
}: Props<T>) {
  const { t } = useTranslation();
  const keys = rows.map(rowKey);
  const all = keys.length > 0 && keys.every((key) => selected?.has(key));
  const some = !all && keys.some((key) => selected?.has(key));
  const toggle = (wanted: (string | number)[], on: boolean) => {
    const next = new Set(selected);
    for (const key of wanted) on ? next.add(key) : next.delete(key);
    onSelect?.(next);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div className={cards ? "table-scroll cards" : "table-scroll"} role="group" tabIndex={0} aria-label={caption}>
      <table className={dim ? "table dim" : "table"}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {selected && (
              <th scope="col" className="pick">
                <Checkbox
                  checked={all}
                  indeterminate={some}
                  onChange={(e) => toggle(keys, e.target.checked)}
                  aria-label={t("ui.select_page")}
                />
              </th>
            )}
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keys[index]} className={selected?.has(keys[index]!) ? "on" : undefined}>
              {selected && (
                <td className="pick">
                  <Checkbox
                    checked={selected.has(keys[index]!)}
                    onChange={(e) => toggle([keys[index]!], e.target.checked)}
                    aria-label={t("ui.select_row", { row: index + 1 })}
                  />
                </td>
              )}
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={[column.align ?? "", column.wrap ? "wrap" : ""].join(" ")}
                  data-label={typeof column.title === "string" ? column.title : undefined}
                >
                  {filled(column.render(row))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An empty cell says so, or it looks like a fault. */
const filled = (cell: ReactNode): ReactNode =>
  cell === null || cell === undefined || cell === "" ? <span className="muted">–</span> : cell;

function Head<T>({
  column,
  sort,
  onSort,
}: {
  column: Column<T>;
  sort?: string | null;
  onSort?: (sort: string) => void;
}) {
  const style = column.width ? { width: column.width } : undefined;
  if (!column.sort || !onSort) {
    return (
      <th scope="col" className={column.align} style={style}>
        {column.title}
      </th>
    );
  }
  const down = sort === `-${column.sort}`;
  const up = sort === column.sort;
  return (
    <th scope="col" className={column.align} style={style} aria-sort={down ? "descending" : up ? "ascending" : "none"}>
      <button type="button" className="plain sorter" onClick={() => onSort(down ? column.sort! : `-${column.sort}`)}>
        {column.title}
        <span aria-hidden="true">{down ? "↓" : up ? "↑" : "↕"}</span>
      </button>
    </th>
  );
}
