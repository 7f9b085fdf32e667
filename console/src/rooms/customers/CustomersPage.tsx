import { FilterOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ColumnInfo, CustomerRow } from "@/api/types";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { leafCount } from "@/rooms/segments/rules/tree";
import { useMay } from "@/shell/session";
import { type Column, DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type ListState, readAddress, writeAddress } from "./address";
import { BatchBar } from "./BatchBar";
import { Cell } from "./Cell";
import { ColumnChooser } from "./ColumnChooser";
import { ExportButton } from "./ExportButton";
import { FilterBar } from "./FilterBar";
import { useColumns, useCustomers } from "./queries";
import { ViewPicker } from "./ViewPicker";

const NONE = new Set<string | number>();

export function CustomersPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const state = readAddress(params);
  const columns = useColumns();
  const { query, rows, total } = useCustomers(state);
  const [filtering, setFiltering] = useState(false);
  const [selected, setSelected] = useState(NONE);
  const go = (next: Partial<ListState>, replace = false) => change(writeAddress({ ...state, ...next }), replace);
  const place = JSON.stringify([state.q, state.filter, state.segment]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(() => setSelected(NONE), [place]);

  const known = columns.data?.items ?? [];
  const chosen = (
    state.columns
      ? state.columns.flatMap((key) => known.find((c) => c.key === key) ?? [])
      : known.filter((c) => c.default)
  ) as ColumnInfo[];
  const shown = chosen.some((c) => c.key === "name") ? chosen : [...known.filter((c) => c.key === "name"), ...chosen];
  const filtered = state.q !== "" || state.filter !== null || state.segment !== null;
  return (
    <Page
      title={t("shell.page_customers")}
      sub={
        total == null ? undefined : (
          <span aria-live="polite">
            {t(filtered ? "customers.total_filtered" : "customers.total", { n: f.count(total) })}
          </span>
        )
      }
      actions={
        <>
          <SearchBox q={state.q} onSearch={(q) => go({ q }, true)} />
          {may("segments.read") && (
            <Button icon={<FilterOutlined />} aria-expanded={filtering} onClick={() => setFiltering(!filtering)}>
              {t("customers.filter")}
              {state.filter && ` · ${leafCount(state.filter)}`}
            </Button>
          )}
          <ViewPicker state={state} go={go} shown={shown.map((c) => c.key)} />
          <ColumnChooser columns={known} shown={shown.map((c) => c.key)} onChange={(keys) => go({ columns: keys })} />
          {may("customers.export") && <ExportButton state={state} columns={shown.map((c) => c.key)} total={total} />}
        </>
      }
    >
      {state.segment !== null && <SegmentNote id={state.segment} onClear={() => go({ segment: null })} />}
      {(filtering || state.filter) && (
        <FilterBar rule={state.filter} open={filtering} onOpen={setFiltering} onApply={(filter) => go({ filter })} />
      )}
      <div className="panel">
        <QueryView query={columns} lines={10} height={480}>
          {() => (
            <QueryView query={query} lines={10} height={480}>
              {() =>
                rows.length === 0 ? (
                  <NoCustomers
                    filtered={filtered}
                    onClear={() => go({ q: "", filter: null, segment: null, view: null })}
                  />
                ) : (
                  <DataTable
                    caption={t("shell.page_customers")}
                    cards
                    dim={query.isPlaceholderData}
                    rows={rows}
                    rowKey={(row) => row.id}
                    sort={state.sort}
                    onSort={(sort) => go({ sort })}
                    selected={may("customers.write") ? selected : undefined}
                    onSelect={setSelected}
                    columns={shown.map((column) => tableColumn(column, f.label(column.name)))}
                  />
                )
              }
            </QueryView>
          )}
        </QueryView>
        <MoreButton query={query} />
      </div>
      {may("customers.write") && rows.length > 0 && (
        <BatchBar state={state} selected={selected} total={total} onDone={() => setSelected(NONE)} />
      )}
    </Page>
  );
}

const tableColumn = (column: ColumnInfo, title: string): Column<CustomerRow> => ({
  key: column.key,
  title,
  align: column.kind === "money" || column.kind === "number" ? "right" : undefined,
  sort: column.sortable ? column.key : undefined,
  render: (row) => <Cell row={row} column={column} />,
});

function SearchBox({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(q);
  const settled = useDebounced(typed, 300);
  useEffect(() => setTyped(q), [q]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed starts a search
  useEffect(() => {
    if (settled.trim() !== q && settled === typed) onSearch(settled.trim());
  }, [settled]);
  return (
    <Input.Search
      allowClear
      className="search-box"
      placeholder={t("customers.search")}
      aria-label={t("customers.search")}
      value={typed}
      onChange={(e) => setTyped(e.target.value)}
      onSearch={(value) => onSearch(value.trim())}
    />
  );
}

function SegmentNote({ id, onClear }: { id: number; onClear: () => void }) {
  const { t } = useTranslation();
  const segments = useSegments();
  const name = segments.data?.items.find((s) => s.id === id)?.name ?? `#${id}`;
  return (
    <p className="notice pine row spread list-note">
      <span>
        {t("customers.of_segment")} <Link to={`/segments/${id}`}>{name}</Link>
      </span>
      <Button size="small" onClick={onClear}>
        {t("customers.show_all")}
      </Button>
    </p>
  );
}

function NoCustomers({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useTranslation();
  if (filtered)
    return (
      <Empty
        title={t("customers.none_found")}
        hint={t("customers.none_found_hint")}
        action={<Button onClick={onClear}>{t("customers.clear")}</Button>}
      />
    );
  return (
    <Empty
      title={t("customers.none")}
      hint={t("customers.none_hint")}
      action={
        <Link to="/imports" className="primary-link">
          {t("shell.sample_import")}
        </Link>
      }
    />
  );
}
