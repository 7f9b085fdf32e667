import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { BudgetBar, refusedOf, StockBar } from "./Bars";
import { type Offer, type OfferStatus, useOffers } from "./queries";
import { RedeemPageModal } from "./RedeemPageModal";
import { STATUS_TONE } from "./words";

export function OffersPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const settled = useDebounced(typed.trim(), 300);
  useEffect(() => change({ q: settled || null }, true), [settled, change]);
  const status = (params.get("status") as OfferStatus | null) ?? undefined;
  const { query, rows } = useOffers(status, params.get("q") ?? "");
  const [telling, setTelling] = useState(false);
  const add = may("acquisition.write") && (
    <Link to="/offers/new">
      <Button type="primary" icon={<PlusOutlined />}>
        {t("offers.new")}
      </Button>
    </Link>
  );
  const actions = (
    <>
      {may("acquisition.write") && <Button onClick={() => setTelling(true)}>{t("offers.redeem_page")}</Button>}
      {add}
    </>
  );
  const filters = (
    <>
      <Input.Search
        allowClear
        style={{ width: 180 }}
        placeholder={t("offers.find")}
        aria-label={t("offers.find")}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
      />
      <Select
        allowClear
        aria-label={t("offers.status")}
        placeholder={t("offers.status")}
        value={status}
        onChange={(value) => change({ status: value ?? null }, true)}
        options={Object.keys(STATUS_TONE).map((value) => ({ value, label: t(`offers.status_${value}`) }))}
        style={{ minWidth: 104 }}
      />
    </>
  );
  return (
    <Page title={t("shell.page_offers")} sub={t("offers.sub")} actions={actions}>
      <Panel title={t("shell.page_offers")} extra={filters} flush>
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              status || settled ? (
                <Empty title={t("offers.none_found")} />
              ) : (
                <Empty title={t("offers.none")} hint={t("offers.none_hint")} action={add} />
              )
            ) : (
              <>
                <Rows rows={rows} />
                <MoreButton query={query} />
              </>
            )
          }
        </QueryView>
      </Panel>
      {telling && <RedeemPageModal onClose={() => setTelling(false)} />}
    </Page>
  );
}

function Rows({ rows }: { rows: Offer[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_offers")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("offers.offer"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/offers/${row.id}`}>{row.name}</Link>
              <p className="muted small">
                {t(`offers.kind_${row.kind}`)} · {f.label(row.form_name)}
              </p>
            </>
          ),
        },
        {
          key: "status",
          title: t("offers.status"),
          render: (row) => (
            <>
              <Chip tone={STATUS_TONE[row.status]}>{t(`offers.status_${row.status}`)}</Chip>
              {row.status === "live" && row.closed && <p className="muted small">{t(`offers.reason_${row.closed}`)}</p>}
            </>
          ),
        },
        { key: "stock", title: t("offers.claimed"), align: "right", render: (row) => <StockBar offer={row} /> },
        { key: "budget", title: t("offers.budget"), align: "right", render: (row) => <BudgetBar offer={row} /> },
        {
          key: "refused",
          title: t("offers.refused"),
          align: "right",
          render: (row) => f.count(refusedOf(row)),
        },
        {
          key: "ends",
          title: t("offers.ends"),
          render: (row) => (row.ends_at ? f.time(row.ends_at) : <span className="muted">{t("offers.no_end")}</span>),
        },
      ]}
    />
  );
}
