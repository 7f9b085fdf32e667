import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
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
import { CouponModal } from "./CouponModal";
import { type Coupon, type CouponStatus, useCoupons } from "./queries";
import { RedeemModal } from "./RedeemModal";
import { Spell, STATUS_TONE } from "./words";

export function CouponsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [params, change] = useQueryState();
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const settled = useDebounced(typed.trim(), 300);
  useEffect(() => change({ q: settled || null }, true), [settled, change]);
  const status = (params.get("status") as CouponStatus | null) ?? undefined;
  const { query, rows } = useCoupons(status, params.get("q") ?? "");
  const [open, setOpen] = useState<"new" | "redeem" | null>(null);
  const add = may("loyalty.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen("new")}>
      {t("loyalty.new_coupon")}
    </Button>
  );
  const actions = (
    <>
      {may("loyalty.redeem") && <Button onClick={() => setOpen("redeem")}>{t("loyalty.redeem")}</Button>}
      {add}
    </>
  );
  const filters = (
    <>
      <Input.Search
        allowClear
        style={{ width: 180 }}
        placeholder={t("loyalty.find_coupon")}
        aria-label={t("loyalty.find_coupon")}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
      />
      <Select
        allowClear
        aria-label={t("loyalty.status")}
        placeholder={t("loyalty.status")}
        value={status}
        onChange={(value) => change({ status: value ?? null }, true)}
        options={Object.keys(STATUS_TONE).map((value) => ({ value, label: t(`loyalty.status_${value}`) }))}
        style={{ minWidth: 104 }}
      />
    </>
  );
  return (
    <Page title={t("shell.page_coupons")} sub={t("loyalty.coupons_sub")} actions={actions}>
      <Panel title={t("shell.page_coupons")} extra={filters} flush>
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              status || settled ? (
                <Empty title={t("loyalty.none_found")} />
              ) : (
                <Empty title={t("loyalty.no_coupons")} hint={t("loyalty.no_coupons_hint")} action={add} />
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
      {open === "new" && (
        <CouponModal coupon={null} onClose={() => setOpen(null)} saved={(id) => navigate(`/coupons/${id}`)} />
      )}
      {open === "redeem" && <RedeemModal onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Rows({ rows }: { rows: Coupon[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_coupons")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("loyalty.coupon"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/coupons/${row.id}`}>{row.name}</Link>
              <p className="muted small">{f.label(row.promise)}</p>
            </>
          ),
        },
        {
          key: "status",
          title: t("loyalty.status"),
          render: (row) => <Chip tone={STATUS_TONE[row.status]}>{t(`loyalty.status_${row.status}`)}</Chip>,
        },
        { key: "spell", title: t("loyalty.spell"), render: (row) => <Spell coupon={row} /> },
        {
          key: "issued",
          title: t("loyalty.issued"),
          align: "right",
          render: (row) => (
            <>
              {f.count(row.issued)}
              <p className="muted small">
                {row.left == null ? t("loyalty.no_bound") : t("loyalty.left", { n: f.count(row.left) })}
              </p>
            </>
          ),
        },
        {
          key: "redeemed",
          title: t("loyalty.redeemed"),
          align: "right",
          render: (row) => (
            <>
              {f.count(row.redeemed)}{" "}
              <span className="muted">{f.rate(row.issued ? row.redeemed / row.issued : null)}</span>
              <Bar value={row.issued ? row.redeemed / row.issued : null} />
            </>
          ),
        },
        { key: "value", title: t("loyalty.value"), align: "right", render: (row) => f.money(row.value_fen) },
      ]}
    />
  );
}
