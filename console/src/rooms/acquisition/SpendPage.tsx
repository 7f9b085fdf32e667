import { PlusOutlined } from "@ant-design/icons";
import { Button, DatePicker, Select, Switch } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type Entry, KINDS, type Kind, useSources, useSpend, useSpendTotals, type Wanted } from "./queries";
import { RatesModal } from "./RatesModal";
import { SourceSelect } from "./SourceSelect";
import { SpendDrawer } from "./SpendDrawer";
import { SpendImportDrawer } from "./SpendImportDrawer";
import { byId, placeOf } from "./tree";
import "./acquisition.css";

type Open = { entry: Entry | null } | "import" | "rates" | null;

/** The ledger: every entry with its lines; what was wrong is struck through and stays. */
export function SpendPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const wanted: Wanted = {
    from_on: params.get("from") ?? undefined,
    to_on: params.get("to") ?? undefined,
    source_id: params.has("source") ? Number(params.get("source")) : undefined,
    kind: (params.get("kind") as Kind | null) ?? undefined,
    origin: (params.get("origin") as Entry["origin"] | null) ?? undefined,
    standing: params.get("all") !== "1",
  };
  const { query, rows } = useSpend(wanted);
  const [open, setOpen] = useState<Open>(null);
  const spends = may("acquisition.spend");
  const filtered = ["from", "to", "source", "kind", "origin"].some((name) => params.has(name));
  const add = spends && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen({ entry: null })}>
      {t("acquire.post")}
    </Button>
  );
  const actions = (
    <>
      {spends && <Button onClick={() => setOpen("rates")}>{t("acquire.rates")}</Button>}
      {spends && <Button onClick={() => setOpen("import")}>{t("acquire.import_spend")}</Button>}
      {add}
    </>
  );
  const filters = (
    <>
      <DatePicker.RangePicker
        aria-label={t("acquire.period")}
        value={wanted.from_on && wanted.to_on ? [dayjs(wanted.from_on), dayjs(wanted.to_on)] : null}
        onChange={(days) =>
          change({ from: days?.[0]?.format("YYYY-MM-DD"), to: days?.[1]?.format("YYYY-MM-DD") }, true)
        }
      />
      <SourceSelect
        allowClear
        width={180}
        value={wanted.source_id}
        onChange={(id) => change({ source: id === null ? null : String(id) }, true)}
      />
      <Select
        allowClear
        aria-label={t("acquire.kind")}
        placeholder={t("acquire.kind")}
        style={{ minWidth: 116 }}
        value={wanted.kind}
        onChange={(kind) => change({ kind: kind ?? null }, true)}
        options={KINDS.map((value) => ({ value, label: t(`acquire.kind_${value}`) }))}
      />
      <span className="row">
        <Switch
          size="small"
          checked={!wanted.standing}
          onChange={(on) => change({ all: on ? "1" : null }, true)}
          aria-label={t("acquire.with_corrected")}
        />
        <span className="muted small">{t("acquire.with_corrected")}</span>
      </span>
      <CsvButton href={`/api/v1/acquisition/spend/export?${query_of(wanted)}`} />
    </>
  );
  return (
    <Page title={t("shell.page_spend")} sub={t("acquire.spend_sub")} actions={actions}>
      <Totals wanted={wanted} />
      <Panel title={t("acquire.entries")} extra={filters} flush>
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              filtered ? (
                <Empty title={t("acquire.no_entries_found")} />
              ) : (
                <Empty title={t("acquire.no_entries")} hint={t("acquire.no_entries_hint")} action={add} />
              )
            ) : (
              <>
                <Entries rows={rows} correct={spends ? (entry) => setOpen({ entry }) : undefined} />
                <MoreButton query={query} />
              </>
            )
          }
        </QueryView>
      </Panel>
      {open === "rates" && <RatesModal onClose={() => setOpen(null)} />}
      {open === "import" && <SpendImportDrawer onClose={() => setOpen(null)} />}
      {open && typeof open === "object" && <SpendDrawer entry={open.entry} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function query_of(wanted: Wanted): string {
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

function Totals({ wanted }: { wanted: Wanted }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useSpendTotals(wanted);
  return (
    <Panel>
      <QueryView query={query} lines={1}>
        {(data) => (
          <div className="acquire-kinds" role="status">
            <strong>
              {t("acquire.total", { n: f.count(data.entry_count) })} {f.money(data.amount_fen)}
            </strong>
            {data.by_kind.map((one) => (
              <span key={one.kind}>
                <span className="muted">{f.label(one.kind_name)}</span> {f.money(one.amount_fen)}
              </span>
            ))}
            <span className={data.balance_fen ? "bad" : "muted"}>
              {t(data.balance_fen ? "acquire.unbalanced" : "acquire.balanced")}
            </span>
          </div>
        )}
      </QueryView>
    </Panel>
  );
}

function Entries({ rows, correct }: { rows: Entry[]; correct?: (entry: Entry) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const tree = useSources(true).data?.items ?? [];
  const named = byId(tree);
  const whole = (id: number, name: string) => {
    const one = named.get(id);
    return one ? placeOf(one, named) : name;
  };
  const spent = (row: Entry) => row.lines.filter((line) => line.account === "spend");
  return (
    <DataTable
      caption={t("acquire.entries")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: "day", title: t("acquire.day"), render: (row) => row.day },
        {
          key: "source",
          title: t("acquire.source"),
          wrap: true,
          render: (row) => {
            const lines = spent(row);
            return lines.map((line) => (
              <p key={`${line.source_id} ${line.offer_id} ${line.region}`}>
                {whole(line.source_id, line.source_name) || t("acquire.no_source")}
                {line.region && <span className="muted small"> {line.region}</span>}
                {lines.length > 1 && <span className="muted small"> {f.money(line.amount_fen)}</span>}
              </p>
            ));
          },
        },
        { key: "kind", title: t("acquire.kind"), render: (row) => f.label(row.kind_name) },
        {
          key: "amount",
          title: t("acquire.amount"),
          align: "right",
          render: (row) => (
            <>
              <span className={row.corrected_by ? "taken-back" : undefined}>{f.money(row.amount_fen)}</span>
              {row.original_fen !== null && (
                <p className="muted small">
                  {row.currency} {f.count(row.original_fen / 100, 2)} × {row.rate}
                </p>
              )}
            </>
          ),
        },
        {
          key: "evidence",
          title: t("acquire.evidence"),
          wrap: true,
          render: (row) =>
            /^https?:\/\//.test(row.evidence) ? (
              <a href={row.evidence} target="_blank" rel="noreferrer">
                {row.evidence}
              </a>
            ) : (
              row.evidence
            ),
        },
        {
          key: "state",
          title: t("acquire.state"),
          wrap: true,
          render: (row) => (
            <>
              <State row={row} />
              {row.reason && <p className="muted small">{row.reason}</p>}
            </>
          ),
        },
        {
          key: "by",
          title: t("acquire.by"),
          render: (row) => (
            <>
              {row.by}
              <p className="muted small">{f.time(row.at)}</p>
            </>
          ),
        },
        ...(correct
          ? [
              {
                key: "act",
                title: t("acquire.act"),
                render: (row: Entry) =>
                  row.is_reversal || row.corrected_by ? null : (
                    <Button
                      size="small"
                      onClick={() => correct(row)}
                      aria-label={t("acquire.correct_of", { n: row.id })}
                    >
                      {t("acquire.correct")}
                    </Button>
                  ),
              },
            ]
          : []),
      ]}
    />
  );
}

function State({ row }: { row: Entry }) {
  const { t } = useTranslation();
  if (row.is_reversal) return <Chip>{t("acquire.reversal", { n: row.corrects_id })}</Chip>;
  if (row.corrected_by) return <Chip tone="ochre">{t("acquire.corrected", { n: row.corrected_by })}</Chip>;
  if (row.corrects_id) return <Chip>{t("acquire.instead_of", { n: row.corrects_id })}</Chip>;
  return <span className="muted">{t(`acquire.origin_${row.origin}`)}</span>;
}
