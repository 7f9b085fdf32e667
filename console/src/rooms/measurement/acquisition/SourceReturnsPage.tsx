import { Button, Checkbox, Popover } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CsvButton } from "@/ui/CsvButton";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { Funnel } from "./Funnel";
import { Period, usePeriod } from "./Period";
import { useSources } from "./queries";
import { Roi } from "./Roi";
import type { SourceRow, Sources } from "./shapes";
import { COLUMNS, type Column, USUAL } from "./sourceColumns";
import { Trend } from "./Trend";
import { useTree } from "./useTree";
import { useSourceName } from "./words";

export function SourceReturnsPage() {
  const { t } = useTranslation();
  const { from, to } = usePeriod();
  const query = useSources(from, to);
  const actions = (
    <>
      <Period shown={query.data} />
      <CsvButton href={reportCsv("/measurement/acquisition/sources", { from, to })} />
    </>
  );
  return (
    <Page
      title={t("shell.page_source_returns")}
      sub={
        <>
          {t("returns.sources_sub")}
          {query.data && ` · ${t("ui.as_of", { on: query.data.as_of_on })}`}
        </>
      }
      actions={actions}
    >
      <QueryView query={query} lines={10} height={520}>
        {(report) =>
          report.items.length === 0 ? (
            <Empty
              title={t("returns.no_sources")}
              hint={t("returns.no_sources_hint")}
              action={<Link to="/sources">{t("returns.to_sources")}</Link>}
            />
          ) : (
            <Body report={report} />
          )
        }
      </QueryView>
    </Page>
  );
}

function Body({ report }: { report: Sources }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const chosen = Number(params.get("source")) || 0;
  const row = report.items.find((one) => one.source_id === chosen) ?? report.totals;
  const name = useSourceName();
  const title = row.source_id ? name(row) : t("returns.all_sources");
  return (
    <div className="stack">
      <Figures count={6}>
        <Figure label={t("returns.spend")} value={f.moneyShort(report.totals.spend_fen)} />
        <Figure
          label={t("returns.cac_add")}
          hint={t("returns.cac_add_hint")}
          value={f.money(report.totals.cac_add_fen)}
          note={t("returns.n_added", { n: f.count(report.totals.added) })}
        />
        <Figure
          label={t("returns.cac_real")}
          hint={t("returns.cac_real_hint")}
          value={f.money(report.totals.cac_real_fen)}
          note={t("returns.n_real", { n: f.count(report.totals.real) })}
        />
        <Figure
          label={t("returns.cac_buyer")}
          hint={t("returns.cac_buyer_hint")}
          value={f.money(report.totals.cac_buyer_fen)}
          note={t("returns.n_buyers", { n: f.count(report.totals.first_orders) })}
        />
        <Figure
          label={t("returns.margin")}
          hint={t("returns.margin_hint")}
          value={f.moneyShort(report.totals.margin_fen)}
          note={t("returns.plus_expected", { money: f.moneyShort(report.totals.expected_fen) })}
        />
        <Figure
          label={t("returns.roi")}
          hint={t("returns.roi_hint")}
          value={f.rate(report.totals.roi, 0)}
          note={
            report.totals.roi_low != null &&
            t("returns.between", { low: f.rate(report.totals.roi_low, 0), high: f.rate(report.totals.roi_high, 0) })
          }
        />
      </Figures>
      <Table report={report} chosen={chosen} choose={(id) => change({ source: id ? String(id) : null })} />
      <div className="grid">
        <Funnel row={row} title={title} className="w6" />
        <Trend weeks={report.weeks} className="w6" />
      </div>
      {report.notes.length > 0 && (
        <ul className="notes muted small">
          {report.notes.map((note) => (
            <li key={note.en}>{f.label(note)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

type TableProps = { report: Sources; chosen: number; choose: (id: number) => void };

function Table({ report, chosen, choose }: TableProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useSourceName();
  const [params, change] = useQueryState();
  const wanted = params.get("columns")?.split(",");
  const columns = COLUMNS.filter((one) => (wanted ?? USUAL).includes(one.key));
  const tree = useTree(report.items, params.get("sort") ?? "-spend_fen");
  const top = useMemo(() => Math.max(0.01, ...report.items.map((one) => one.roi_high ?? one.roi ?? 0)), [report]);
  const sort = tree.sort;
  return (
    <Panel
      title={t("returns.by_level")}
      hint={t("returns.by_level_hint")}
      flush
      extra={
        <Chooser
          shown={columns.map((one) => one.key)}
          onChange={(keys) => change({ columns: keys.join(",") || null }, true)}
        />
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <div className="table-scroll" role="group" tabIndex={0} aria-label={t("returns.by_level")}>
        <table className="table source-tree">
          <caption className="visually-hidden">{t("returns.by_level_hint")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("returns.source")}</th>
              {columns.map((one) => (
                <th
                  key={one.key}
                  scope="col"
                  className="right"
                  aria-sort={sort === `-${one.key}` ? "descending" : sort === one.key ? "ascending" : "none"}
                >
                  <button
                    type="button"
                    className="plain sorter"
                    onClick={() => change({ sort: sort === `-${one.key}` ? one.key : `-${one.key}` }, true)}
                    title={t(`returns.${one.hint}`)}
                  >
                    {t(`returns.${one.key}`)}
                    <span aria-hidden="true">{sort === `-${one.key}` ? "↓" : sort === one.key ? "↑" : "↕"}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tree.rows.map(({ row, depth, children, open }) => (
              <tr key={row.source_id} className={row.source_id === chosen ? "on" : undefined}>
                <th scope="row" style={{ paddingLeft: 10 + depth * 18 }}>
                  {children ? (
                    <button
                      type="button"
                      className="plain twig"
                      aria-expanded={open}
                      aria-label={t(open ? "returns.fold" : "returns.unfold", { name: name(row) })}
                      onClick={() => tree.toggle(row.source_id)}
                    >
                      {open ? "▾" : "▸"}
                    </button>
                  ) : (
                    <span className="twig" />
                  )}
                  <button
                    type="button"
                    className="plain in-link"
                    aria-pressed={row.source_id === chosen}
                    onClick={() => choose(row.source_id === chosen ? 0 : row.source_id)}
                  >
                    {name(row)}
                  </button>{" "}
                  {row.level !== "platform" && (
                    <span className="muted small">{t(`returns.level_${row.level}`, { defaultValue: row.level })}</span>
                  )}
                </th>
                {columns.map((one) => (
                  <td key={one.key} className="right num">
                    <Cell column={one} row={row} top={top} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t("ui.total")}</th>
              {columns.map((one) => (
                <td key={one.key} className="right num">
                  <strong>
                    <Cell column={one} row={report.totals} top={top} />
                  </strong>
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
      </div>
      <p className="muted small panel-foot">
        {t("returns.as_of_note", { on: report.as_of_on, n: f.count(report.items.length) })}
      </p>
    </Panel>
  );
}

function Cell({ column, row, top }: { column: Column; row: SourceRow; top: number }) {
  const f = useFormat();
  const { t } = useTranslation();
  if (column.unit === "roi") return <Roi row={row} top={top} />;
  const value = column.of(row);
  if (column.key === "payback_on") return <>{(value as string | null) ?? t("returns.not_yet")}</>;
  if (column.key === "true_roi" && value == null) return <span className="muted">{t("returns.not_known")}</span>;
  const number = value as number | null;
  if (column.unit === "fen") {
    const over = column.key === "cac_add" && row.target_cac_fen != null && (number ?? 0) > row.target_cac_fen;
    return (
      <span className={over ? "loss" : undefined}>
        {f.money(number)}
        {over && <small> {t("returns.over_target", { money: f.money(row.target_cac_fen) })}</small>}
      </span>
    );
  }
  return <>{column.unit === "rate" ? f.rate(number) : f.count(number)}</>;
}

function Chooser({ shown, onChange }: { shown: string[]; onChange: (keys: string[]) => void }) {
  const { t } = useTranslation();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <Checkbox.Group
          className="column-choice"
          value={shown}
          onChange={(keys) => onChange(keys.length ? (keys as string[]) : [...USUAL])}
          options={COLUMNS.map((one) => ({ value: one.key, label: t(`returns.${one.key}`) }))}
        />
      }
    >
      <Button size="small">{t("returns.columns")}</Button>
    </Popover>
  );
}
