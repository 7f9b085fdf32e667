import { CaretDownOutlined, CaretRightOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Segmented, Switch } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type Figures, LEVELS, type Source, useFigures, useSources } from "./queries";
import { SourceDrawer } from "./SourceDrawer";
import { SourcesImport } from "./SourcesImport";
import { ancestors, depth, found, unfolded } from "./tree";
import "./acquisition.css";

const SPANS = { "30": 29, "90": 89, "365": 364 } as const;
type Open = { source: Source | null; parent: Source | null };

/** Where people come from, as a tree: what each part cost, and how many people it brought. */
export function SourcesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const archived = params.get("archived") === "1";
  const span = (params.get("days") ?? "30") as keyof typeof SPANS;
  const words = params.get("q") ?? "";
  const query = useSources(archived);
  const to = dayjs().format("YYYY-MM-DD");
  const from = dayjs()
    .subtract(SPANS[span] ?? 29, "day")
    .format("YYYY-MM-DD");
  const figures = useFigures(from, to);
  const [folded, setFolded] = useState<Set<number>>(new Set());
  const [open, setOpen] = useState<Open | "import" | null>(null);
  const writes = may("acquisition.write");
  const add = writes && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen({ source: null, parent: null })}>
      {t("acquire.new_platform")}
    </Button>
  );
  const actions = (
    <>
      {writes && <Button onClick={() => setOpen("import")}>{t("acquire.import_tree")}</Button>}
      {add}
    </>
  );
  const filters = (
    <>
      <Input.Search
        allowClear
        style={{ width: 170 }}
        placeholder={t("acquire.find_source")}
        aria-label={t("acquire.find_source")}
        value={words}
        onChange={(e) => change({ q: e.target.value }, true)}
      />
      <Segmented
        aria-label={t("acquire.span")}
        value={span}
        onChange={(days) => change({ days }, true)}
        options={Object.keys(SPANS).map((value) => ({ value, label: t("acquire.days", { n: value }) }))}
      />
      <span className="row">
        <Switch
          size="small"
          checked={archived}
          onChange={(on) => change({ archived: on ? "1" : null }, true)}
          aria-label={t("acquire.with_archived")}
        />
        <span className="muted small">{t("acquire.with_archived")}</span>
      </span>
    </>
  );
  const toggle = (id: number) =>
    setFolded((before) => {
      const next = new Set(before);
      next.has(id) ? next.delete(id) : next.add(id);
      return next;
    });
  return (
    <Page title={t("shell.page_sources")} sub={t("acquire.sources_sub")} actions={actions}>
      <Panel title={t("shell.page_sources")} extra={filters} flush>
        <QueryView query={query} lines={8}>
          {(data) => {
            const rows = found(data.items, words);
            if (data.items.length === 0)
              return <Empty title={t("acquire.no_sources")} hint={t("acquire.no_sources_hint")} action={add} />;
            if (rows.length === 0) return <Empty title={t("acquire.none_found")} />;
            return (
              <Tree
                rows={words ? rows : unfolded(rows, folded)}
                all={data.items}
                folded={folded}
                toggle={toggle}
                figures={new Map(figures.data?.items.map((one) => [one.source_id, one]))}
                open={(source, parent) => setOpen({ source, parent })}
                period={`from_on=${from}&to_on=${to}`}
                writes={writes}
              />
            );
          }}
        </QueryView>
      </Panel>
      {open === "import" && <SourcesImport onClose={() => setOpen(null)} />}
      {open && open !== "import" && (
        <SourceDrawer source={open.source} parent={open.parent} onClose={() => setOpen(null)} />
      )}
    </Page>
  );
}

type TreeProps = {
  rows: Source[];
  all: Source[];
  folded: Set<number>;
  toggle: (id: number) => void;
  figures: Map<number, Figures>;
  open: (source: Source | null, parent: Source | null) => void;
  period: string;
  writes: boolean;
};

function Tree({ rows, all, folded, toggle, figures, open, period, writes }: TreeProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const parents = new Set(all.map((one) => one.parent_id));
  const each = (one: Source) => {
    const own = figures.get(one.id);
    return own?.people && own.spend_fen ? own.spend_fen / own.people : null;
  };
  return (
    <DataTable
      caption={t("shell.page_sources")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("acquire.source"),
          wrap: true,
          render: (row) => (
            <span className="source-name" style={{ paddingInlineStart: depth(row) * 22 }}>
              {parents.has(row.id) ? (
                <button
                  type="button"
                  className="plain"
                  aria-expanded={!folded.has(row.id)}
                  aria-label={t(folded.has(row.id) ? "acquire.unfold" : "acquire.fold", { name: row.name })}
                  onClick={() => toggle(row.id)}
                >
                  {folded.has(row.id) ? <CaretRightOutlined /> : <CaretDownOutlined />}
                </button>
              ) : (
                <span className="source-leaf" aria-hidden="true" />
              )}
              <button type="button" className="plain link" onClick={() => open(row, null)}>
                {row.name}
              </button>
              <span className="muted small">{f.label(row.parent_id ? row.level_name : row.platform_name)}</span>
              {row.archived_at && <Chip tone="plain">{t("acquire.archived")}</Chip>}
              {row.is_untraced && <Chip tone="ochre">{t("acquire.untraced")}</Chip>}
            </span>
          ),
        },
        { key: "owner", title: t("acquire.owner"), render: (row) => row.owner },
        {
          key: "period",
          title: t("acquire.period"),
          render: (row) => (row.begins_on || row.ends_on ? `${row.begins_on ?? "…"} – ${row.ends_on ?? "…"}` : null),
        },
        {
          key: "people",
          title: t("acquire.people"),
          align: "right",
          render: (row) => f.count(figures.get(row.id)?.people),
        },
        {
          key: "spend",
          title: t("acquire.spent"),
          align: "right",
          render: (row) => (
            <Link to={`/spend?source=${row.id}&${period.replaceAll("_on", "")}`}>
              {f.money(figures.get(row.id)?.spend_fen)}
            </Link>
          ),
        },
        {
          key: "each",
          title: t("acquire.each"),
          align: "right",
          render: (row) => {
            const cost = each(row);
            const over = cost !== null && row.target_cac_fen !== null && cost > row.target_cac_fen;
            return (
              <>
                <span className={over ? "bad" : undefined}>{f.money(cost === null ? null : Math.round(cost))}</span>
                {row.target_cac_fen !== null && (
                  <p className="muted small">{t("acquire.target", { money: f.money(row.target_cac_fen) })}</p>
                )}
              </>
            );
          },
        },
        ...(writes
          ? [
              {
                key: "add",
                title: t("acquire.below"),
                render: (row: Source) =>
                  row.level !== LEVELS.at(-1) && !row.archived_at && !row.is_untraced && ancestors(row).length < 4 ? (
                    <Button
                      size="small"
                      type="text"
                      icon={<PlusOutlined />}
                      aria-label={t("acquire.add_below", { name: row.name })}
                      onClick={() => open(null, row)}
                    />
                  ) : null,
              },
            ]
          : []),
      ]}
    />
  );
}
