import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { CsvButton } from "@/ui/CsvButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { LiftSuppression, SuppressAddress } from "./SuppressionForms";
import { type Sought, type Suppression, useSuppressions } from "./suppressionQueries";

const CARRIERS = ["sms", "email", "webhook"] as const;
const REASONS = ["hard_bounce", "complaint", "soft_bounces", "manual"] as const;

/** Addresses to which a carrier is not used any more: why, since when; one more by hand, one used again. */
export function SuppressionsTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const [adding, setAdding] = useState(false);
  const [lifting, setLifting] = useState<Suppression | null>(null);
  const sought: Sought = {
    carrier: (params.get("carrier") as Sought["carrier"]) ?? undefined,
    reason: (params.get("reason") as Sought["reason"]) ?? undefined,
    q: params.get("q") ?? undefined,
  };
  const { query, rows, total } = useSuppressions(sought);
  const narrowed = Boolean(sought.carrier || sought.reason || sought.q);
  const writes = may("messaging.write");
  const add = writes && (
    <Button type="primary" onClick={() => setAdding(true)}>
      {t("messaging.suppress_add")}
    </Button>
  );
  return (
    <div className="stack">
      <div className="row spread">
        <Tools sought={sought} change={change} />
        {add}
      </div>
      <Panel
        title={total === null ? t("messaging.tab_suppressed") : t("messaging.suppressed_n", { n: f.count(total) })}
        hint={t("messaging.suppressed_hint")}
        extra={may("customers.export") && !sought.q && <CsvButton href={fileOf(sought)} />}
        flush
      >
        <QueryView query={query} lines={6}>
          {() =>
            rows.length === 0 ? (
              <Empty
                title={t(narrowed ? "messaging.suppressed_no_such" : "messaging.suppressed_none")}
                hint={t(sought.q ? "messaging.suppressed_search_hint" : "messaging.suppressed_none_hint")}
              />
            ) : (
              <>
                <Rows rows={rows} onLift={writes ? setLifting : undefined} />
                <MoreButton query={query} />
              </>
            )
          }
        </QueryView>
      </Panel>
      {adding && <SuppressAddress close={() => setAdding(false)} />}
      {lifting && <LiftSuppression one={lifting} close={() => setLifting(null)} />}
    </div>
  );
}

const fileOf = ({ carrier, reason }: Sought) => {
  const wanted = new URLSearchParams({ ...(carrier ? { carrier } : {}), ...(reason ? { reason } : {}) });
  return `/api/v1/messaging/suppressions/export?${wanted}`;
};

type ToolsProps = { sought: Sought; change: ReturnType<typeof useQueryState>[1] };

function Tools({ sought, change }: ToolsProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(sought.q ?? "");
  return (
    <div className="row">
      <Input.Search
        allowClear
        aria-label={t("messaging.suppressed_search")}
        placeholder={t("messaging.suppressed_search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onSearch={(text) => change({ q: text.trim() }, true)}
        style={{ width: 300 }}
      />
      <Select
        allowClear
        aria-label={t("messaging.carrier")}
        placeholder={t("messaging.carrier")}
        value={sought.carrier}
        onChange={(value) => change({ carrier: value ?? null }, true)}
        options={CARRIERS.map((value) => ({ value, label: t(`content.carrier_${value}`) }))}
        style={{ minWidth: 120 }}
      />
      <Select
        allowClear
        aria-label={t("messaging.reason")}
        placeholder={t("messaging.reason")}
        value={sought.reason}
        onChange={(value) => change({ reason: value ?? null }, true)}
        options={REASONS.map((value) => ({ value, label: t(`messaging.suppressed_${value}`) }))}
        style={{ minWidth: 150 }}
      />
    </div>
  );
}

function Rows({ rows, onLift }: { rows: Suppression[]; onLift?: (one: Suppression) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const act: Column<Suppression> = {
    key: "act",
    title: <span className="visually-hidden">{t("messaging.decide")}</span>,
    align: "right",
    render: (row) => (
      <Button size="small" aria-label={t("messaging.lift_of", { address: row.address })} onClick={() => onLift?.(row)}>
        {t("messaging.lift")}
      </Button>
    ),
  };
  return (
    <DataTable
      caption={t("messaging.tab_suppressed")}
      cards
      rows={rows}
      rowKey={(row) => `${row.carrier} ${row.id}`}
      columns={[
        { key: "address", title: t("messaging.address"), render: (row) => <span className="num">{row.address}</span> },
        {
          key: "carrier",
          title: t("messaging.carrier"),
          render: (row) => t(`content.carrier_${row.carrier}`, { defaultValue: row.carrier }),
        },
        {
          key: "customer",
          title: t("messaging.customer"),
          render: (row) =>
            row.customer_id && (
              <Link to={`/customers/${row.customer_id}`}>{t("content.nameless", { id: row.customer_id })}</Link>
            ),
        },
        {
          key: "reason",
          title: t("messaging.reason"),
          wrap: true,
          render: (row) => (
            <>
              <Chip tone={row.reason === "complaint" ? "cinnabar" : row.reason === "manual" ? "indigo" : "ochre"}>
                {f.label(row.reason_name)}
              </Chip>{" "}
              {row.code && <code className="small muted">{row.code}</code>}
              {row.note && <p className="muted small">{row.note}</p>}
            </>
          ),
        },
        { key: "at", title: t("messaging.suppressed_since"), render: (row) => f.time(row.at) },
        { key: "by", title: t("messaging.suppressed_by"), render: (row) => <By who={row.by} /> },
        ...(onLift ? [act] : []),
      ]}
    />
  );
}
