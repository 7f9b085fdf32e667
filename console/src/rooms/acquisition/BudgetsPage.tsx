import { App, Button, DatePicker, Input, Switch } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { type ClipboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type BudgetCell, type Source, useBudgets, useSetBudgets, useSources } from "./queries";
import { fenOf, sheetOf } from "./sheet";
import { depth } from "./tree";
import "./acquisition.css";

const MONTHS = 6;
const keyOf = (source: number, month: string) => `${source} ${month}`;
type Typed = Record<string, string>;
/** What is budgeted by most; creatives and places are shown when they are asked for, or have a budget. */
const OPEN = new Set(["platform", "campaign"]);

/** What each source may cost in each month, and beside it what it did cost. */
export function BudgetsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const f = useFormat();
  const { message } = App.useApp();
  const [params, change] = useQueryState();
  const first = params.get("first") ?? dayjs().subtract(2, "month").format("YYYY-MM");
  const deep = params.get("deep") === "1";
  const sources = useSources();
  const query = useBudgets(first, MONTHS);
  const put = useSetBudgets();
  const [typed, setTyped] = useState<Typed>({});
  const [pasted, setPasted] = useState(false);
  const writes = may("acquisition.spend");
  const cells = new Map(query.data?.cells.map((one) => [keyOf(one.source_id, one.month), one]));
  const budgeted = new Set(query.data?.cells.filter((one) => one.amount_fen).map((one) => one.source_id));
  const changes = Object.entries(typed).flatMap(([key, text]) => {
    const [source, month] = key.split(" ") as [string, string];
    const fen = fenOf(text);
    const held = cells.get(key)?.amount_fen ?? 0;
    return fen !== null && fen !== held ? [{ source_id: Number(source), month, amount_fen: fen }] : [];
  });
  const wrong = Object.values(typed).some((text) => fenOf(text) === null);
  const submit = () =>
    put.mutate(
      { cells: changes, origin: pasted ? "sheet" : "hand" },
      {
        onSuccess: (done) => {
          setTyped({});
          setPasted(false);
          void message.success(t("acquire.budgets_set", { n: f.count(done.changed_count) }));
        },
      },
    );
  const actions = writes && (
    <>
      {changes.length > 0 && <Button onClick={() => setTyped({})}>{t("acquire.undo_typed")}</Button>}
      <Button type="primary" disabled={changes.length === 0 || wrong} loading={put.isPending} onClick={submit}>
        {t("acquire.save_budgets", { n: f.count(changes.length) })}
      </Button>
    </>
  );
  const filters = (
    <>
      <span className="row">
        <Switch
          size="small"
          checked={deep}
          onChange={(on) => change({ deep: on ? "1" : null }, true)}
          aria-label={t("acquire.all_levels")}
        />
        <span className="muted small">{t("acquire.all_levels")}</span>
      </span>
      <DatePicker
        picker="month"
        allowClear={false}
        aria-label={t("acquire.first_month")}
        value={dayjs(`${first}-01`)}
        onChange={(month: Dayjs | null) => month && change({ first: month.format("YYYY-MM") }, true)}
      />
    </>
  );
  return (
    <Page title={t("shell.page_budgets")} sub={t("acquire.budgets_sub")} actions={actions || undefined}>
      <Panel title={t("acquire.budget_grid")} hint={t("acquire.paste_hint")} extra={filters} flush>
        <QueryView query={sources} lines={6}>
          {(tree) => {
            const rows = tree.items.filter((one) => deep || OPEN.has(one.level) || budgeted.has(one.id));
            if (tree.items.length === 0)
              return <Empty title={t("acquire.no_sources")} hint={t("acquire.no_sources_hint")} />;
            return (
              <QueryView query={query} lines={6}>
                {(data) => (
                  <Grid
                    rows={rows}
                    months={data.months}
                    cells={cells}
                    typed={typed}
                    change={(next, sheet) => {
                      setTyped((before) => ({ ...before, ...next }));
                      if (sheet) setPasted(true);
                    }}
                    writes={writes}
                  />
                )}
              </QueryView>
            );
          }}
        </QueryView>
      </Panel>
      {wrong && (
        <p className="notice" role="alert">
          {t("acquire.not_amounts")}
        </p>
      )}
    </Page>
  );
}

type GridProps = {
  rows: Source[];
  months: string[];
  cells: Map<string, BudgetCell>;
  typed: Typed;
  change: (next: Typed, sheet: boolean) => void;
  writes: boolean;
};

function Grid({ rows, months, cells, typed, change, writes }: GridProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const paste = (event: ClipboardEvent, row: number, column: number) => {
    const sheet = sheetOf(event.clipboardData.getData("text"));
    if (!sheet) return;
    event.preventDefault();
    const next: Typed = {};
    sheet.forEach((line, down) => {
      line.forEach((text, right) => {
        const source = rows[row + down];
        const month = months[column + right];
        if (source && month) next[keyOf(source.id, month)] = text.trim();
      });
    });
    change(next, true);
  };
  const cell = (row: Source, at: number, month: string, column: number) => {
    const key = keyOf(row.id, month);
    const held = cells.get(key);
    const shown = typed[key] ?? (held?.amount_fen ? String(held.amount_fen / 100) : "");
    const fen = fenOf(shown);
    const isChanged = typed[key] !== undefined && fen !== (held?.amount_fen ?? 0);
    const spent = held?.actual_fen ?? 0;
    const over = fen !== null && fen > 0 && spent > fen;
    return (
      <div className={isChanged ? "budget-changed" : undefined}>
        {writes ? (
          <Input
            inputMode="decimal"
            aria-label={t("acquire.budget_of", { name: row.name, month })}
            status={fen === null ? "error" : undefined}
            value={shown}
            onChange={(e) => change({ [key]: e.target.value }, false)}
            onPaste={(e) => paste(e, at, column)}
          />
        ) : (
          <span>{held?.amount_fen ? f.money(held.amount_fen) : "–"}</span>
        )}
        <p className={over ? "bad small" : "muted small"}>
          {t(over ? "acquire.over" : "acquire.actual", { money: f.money(spent) })}
        </p>
      </div>
    );
  };
  return (
    <div className="budget-grid">
      <DataTable
        caption={t("acquire.budget_grid")}
        cards
        rows={rows.map((source, at) => ({ source, at }))}
        rowKey={(row) => row.source.id}
        columns={[
          {
            key: "name",
            title: t("acquire.source"),
            wrap: true,
            render: (row) => (
              <span style={{ paddingInlineStart: depth(row.source) * 18 }}>
                {row.source.name}{" "}
                <span className="muted small">
                  {f.label(row.source.parent_id ? row.source.level_name : row.source.platform_name)}
                </span>
              </span>
            ),
          },
          ...months.map((month, column) => ({
            key: month,
            title: month,
            align: "right" as const,
            render: (row: { source: Source; at: number }) => cell(row.source, row.at, month, column),
          })),
        ]}
      />
    </div>
  );
}
