import { Button, Dropdown, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { AudienceField, isChosen } from "./AudienceField";
import { CouponModal } from "./CouponModal";
import {
  type Audience,
  type Code,
  type CodeState,
  type Coupon,
  newRef,
  useAct,
  useCodes,
  useCoupon,
  useCouponStatus,
  useGiving,
} from "./queries";
import { RedeemModal } from "./RedeemModal";
import { CODE_TONE, Spell, STATUS_TONE } from "./words";

export function CouponPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useCoupon(id);
  const title = (
    <span className="row">
      {query.data?.name ?? `#${id}`}
      {query.data && <Chip tone={STATUS_TONE[query.data.status]}>{t(`loyalty.status_${query.data.status}`)}</Chip>}
    </span>
  );
  return (
    <Page
      title={title}
      heading={query.data?.name}
      sub={<Link to="/coupons">← {t("shell.page_coupons")}</Link>}
      actions={query.data && <Actions coupon={query.data} />}
    >
      <QueryView query={query} lines={10}>
        {(coupon) => (
          <div className="stack">
            <Counts coupon={coupon} />
            <Promised coupon={coupon} />
            <Codes coupon={coupon} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Actions({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  const may = useMay();
  const status = useCouponStatus(coupon.id);
  const giving = useGiving();
  const [open, setOpen] = useState<"edit" | "issue" | "redeem" | null>(null);
  const live = coupon.status === "live";
  return (
    <>
      {may("loyalty.redeem") && <Button onClick={() => setOpen("redeem")}>{t("loyalty.redeem")}</Button>}
      {may("loyalty.write") && (
        <>
          <Button onClick={() => setOpen("edit")}>{t("ui.edit")}</Button>
          <Button
            loading={status.isPending}
            type={live ? "default" : "primary"}
            onClick={() => status.mutate(live ? "stopped" : "live")}
          >
            {t(live ? "loyalty.stop" : "loyalty.start")}
          </Button>
          {live && (
            <Button type="primary" loading={giving.busy} onClick={() => setOpen("issue")}>
              {t("loyalty.issue")}
            </Button>
          )}
        </>
      )}
      {open === "edit" && <CouponModal coupon={coupon} onClose={() => setOpen(null)} />}
      {open === "issue" && <IssueModal coupon={coupon} onClose={() => setOpen(null)} started={giving.start} />}
      {open === "redeem" && <RedeemModal onClose={() => setOpen(null)} />}
    </>
  );
}

function Counts({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Figures count={5}>
      <Figure label={t("loyalty.issued")} value={f.count(coupon.issued)} />
      <Figure
        label={t("loyalty.stock_left")}
        value={coupon.left == null ? t("loyalty.no_bound") : f.count(coupon.left)}
        note={coupon.stock != null && t("loyalty.of_stock", { n: f.count(coupon.stock) })}
      />
      <Figure
        label={t("loyalty.redeemed")}
        value={f.count(coupon.redeemed)}
        note={f.rate(coupon.issued ? coupon.redeemed / coupon.issued : null)}
      />
      <Figure label={t("loyalty.ended_codes")} value={f.count(coupon.expired)} />
      <Figure label={t("loyalty.value")} value={f.money(coupon.value_fen)} hint={t("loyalty.value_hint")} />
    </Figures>
  );
}

function Promised({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  const f = useFormat();
  const rows: [string, React.ReactNode][] = [
    [t("loyalty.promise"), f.label(coupon.promise)],
    [t("loyalty.spell"), <Spell key="spell" coupon={coupon} />],
    [t("loyalty.goods"), coupon.goods || t("loyalty.all_goods")],
    [t("loyalty.per_person"), coupon.per_person ?? t("loyalty.no_bound")],
    [t("loyalty.cost"), f.money(coupon.cost_fen)],
    [t("loyalty.terms"), coupon.terms || null],
    [t("loyalty.in_messages"), <code key="code">{`{券码:${coupon.name}}`}</code>],
  ];
  return (
    <Panel title={t("loyalty.about_coupon")}>
      <dl className="coupon-facts">
        {rows
          .filter(([, value]) => value !== null)
          .map(([name, value]) => (
            <div key={name}>
              <dt className="muted small">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}

function Codes({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const [params, change] = useQueryState();
  const state = (params.get("state") as CodeState | null) ?? undefined;
  const { query, rows } = useCodes(coupon.id, state);
  const extra = (
    <>
      <Select
        allowClear
        aria-label={t("loyalty.state")}
        placeholder={t("loyalty.state")}
        value={state}
        onChange={(value) => change({ state: value ?? null }, true)}
        options={Object.keys(CODE_TONE).map((value) => ({ value, label: t(`loyalty.state_${value}`) }))}
        style={{ minWidth: 104 }}
      />
      {may("customers.export") && coupon.issued > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: (["xlsx", "csv"] as const).map((key) => ({ key, label: key.toUpperCase() })),
            onClick: ({ key }) =>
              void save(
                `/api/v1/loyalty/coupons/${coupon.id}/export?format=${key}${state ? `&state=${state}` : ""}`,
              ).catch(fail),
          }}
        >
          <Button>{t("loyalty.export")}</Button>
        </Dropdown>
      )}
    </>
  );
  return (
    <Panel title={t("loyalty.codes")} extra={extra} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty
              title={t(state ? "loyalty.none_found" : "loyalty.no_codes")}
              hint={!state && t("loyalty.no_codes_hint")}
            />
          ) : (
            <>
              <DataTable
                caption={t("loyalty.codes")}
                cards
                rows={rows}
                rowKey={(row: Code) => row.id}
                columns={[
                  { key: "code", title: t("loyalty.code"), render: (row) => <code>{row.code}</code> },
                  {
                    key: "customer",
                    title: t("loyalty.customer"),
                    render: (row) => (
                      <Link to={`/customers/${row.customer_id}`}>
                        {row.customer?.name || t("customers.nameless", { id: row.customer_id })}
                      </Link>
                    ),
                  },
                  {
                    key: "state",
                    title: t("loyalty.state"),
                    render: (row) => <Chip tone={CODE_TONE[row.state]}>{t(`loyalty.state_${row.state}`)}</Chip>,
                  },
                  { key: "at", title: t("loyalty.issued_at"), render: (row) => f.time(row.issued_at) },
                  { key: "last", title: t("loyalty.last_day"), render: (row) => row.last_on },
                  {
                    key: "used",
                    title: t("loyalty.redeemed_at"),
                    render: (row) =>
                      row.redemption && (
                        <>
                          {f.time(row.redemption.at)}
                          <p className="muted small">
                            {[row.redemption.place, f.money(row.redemption.value_fen)].filter(Boolean).join(" · ")}
                          </p>
                        </>
                      ),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}

type IssueProps = { coupon: Coupon; onClose: () => void; started: (job: string) => void };

function IssueModal({ coupon, onClose, started }: IssueProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const [ref] = useState(newRef);
  const [who, setWho] = useState<Audience>({});
  const act = useAct(async () => {
    const job = await must(
      api.POST("/api/v1/loyalty/coupons/{coupon_id}/issue", {
        params: { path: { coupon_id: coupon.id } },
        body: { ...who, ref },
      }),
    );
    started(job.job_id);
    onClose();
  });
  return (
    <Modal
      open
      title={t("loyalty.issue_title", { name: coupon.name })}
      onCancel={onClose}
      onOk={() => act.mutate(undefined)}
      okText={t("loyalty.issue")}
      okButtonProps={{ disabled: !isChosen(who), loading: act.isPending }}
    >
      <div className="form">
        <p className="muted">
          {coupon.left == null ? t("loyalty.stock_endless") : t("loyalty.stock_of", { n: f.count(coupon.left) })}
        </p>
        <AudienceField value={who} onChange={setWho} />
      </div>
    </Modal>
  );
}
