import { Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { RelationInfo } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";

const ENDINGS = ["customer", "staff", "transfer", "unknown"] as const;

/** How a relation ended, in words; three different facts, and what was only found gone. */
export function EndedChip({ relation }: { relation: Pick<RelationInfo, "ended_at" | "ended_by"> }) {
  const { t } = useTranslation();
  if (!relation.ended_at) return <Chip tone="pine">{t("carriers.lasting")}</Chip>;
  const by = relation.ended_by ?? "unknown";
  return (
    <Chip tone={by === "customer" ? "cinnabar" : by === "transfer" ? "indigo" : "ochre"}>
      {t(`carriers.ended_${by}`)}
    </Chip>
  );
}

/** Every relation, newest first, with how it began and how it ended. */
export function RelationsList({ account }: { account?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const status = params.get("status") as "open" | "ended" | null;
  const ended = params.get("ended_by") as (typeof ENDINGS)[number] | null;
  const wanted = {
    account,
    status: status ?? undefined,
    ended_by: ended ?? undefined,
    state: params.get("state") ?? undefined,
    staff: params.get("staff") ?? undefined,
    q: params.get("q") ?? undefined,
  };
  const { query, rows } = useCursorList(["carriers", "relation-list", wanted], (cursor) =>
    must(api.GET("/api/v1/carriers/relations", { params: { query: { ...wanted, cursor, limit: 40 } } })),
  );
  const file = new URLSearchParams({ format: "csv" });
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) file.set(name, String(value));
  const choose = (value: string) => {
    if (value === "all") change({ status: null, ended_by: null }, true);
    else if (value === "open") change({ status: "open", ended_by: null }, true);
    else change({ status: "ended", ended_by: value === "ended" ? null : value }, true);
  };
  const filter = (
    <>
      {wanted.state && (
        <Chip tone="indigo">
          {wanted.state}{" "}
          <button
            type="button"
            className="plain"
            aria-label={t("carriers.clear_state")}
            onClick={() => change({ state: null }, true)}
          >
            ×
          </button>
        </Chip>
      )}
      <Select
        aria-label={t("carriers.how_it_stands")}
        style={{ minWidth: 150 }}
        value={ended ?? status ?? "all"}
        onChange={choose}
        options={[
          { value: "all", label: t("ui.all") },
          { value: "open", label: t("carriers.lasting") },
          { value: "ended", label: t("carriers.ended") },
          ...ENDINGS.map((one) => ({ value: one, label: t(`carriers.ended_${one}`) })),
        ]}
      />
      <FindBox value={wanted.q ?? ""} onFind={(q) => change({ q: q || null }, true)} />
      {may("customers.export") && <CsvButton href={`/api/v1/carriers/relations?${file}`} />}
    </>
  );
  return (
    <Panel title={t("carriers.relation_list")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("carriers.relations_none")} hint={t("carriers.relations_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.relation_list")}
              cards
              rows={rows}
              rowKey={(row) => `${row.account_id} ${row.contact_name} ${row.staff} ${row.began_at}`}
              columns={[
                {
                  key: "who",
                  title: t("carriers.contact"),
                  render: (row) => {
                    const name = row.contact_name || t("carriers.nameless");
                    return row.customer_id ? <Link to={`/customers/${row.customer_id}`}>{name}</Link> : name;
                  },
                },
                {
                  key: "staff",
                  title: t("carriers.staff"),
                  render: (row) => row.staff_name || row.staff || t("carriers.account_itself"),
                },
                { key: "account", title: t("carriers.account"), render: (row) => row.account_name },
                { key: "began", title: t("carriers.began_at"), render: (row) => f.time(row.began_at) },
                {
                  key: "way",
                  title: t("carriers.way"),
                  render: (row) => row.contact_way_name || (row.state && <code>{row.state}</code>),
                },
                { key: "how", title: t("carriers.how_added"), render: (row) => f.label(row.add_way_name) },
                { key: "ended", title: t("carriers.how_it_stands"), render: (row) => <EndedChip relation={row} /> },
                {
                  key: "ended_at",
                  title: t("carriers.ended_at"),
                  render: (row) => row.ended_at && f.time(row.ended_at),
                },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}

function FindBox({ value, onFind }: { value: string; onFind: (text: string) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  return (
    <Input.Search
      allowClear
      aria-label={t("carriers.find_contact")}
      placeholder={t("carriers.find_contact")}
      value={typed}
      onChange={(e) => setTyped(e.target.value)}
      onSearch={(text) => onFind(text.trim())}
      style={{ width: 170 }}
    />
  );
}
