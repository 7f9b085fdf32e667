import { App, Button, Dropdown, Select, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { usePiece } from "@/rooms/content/queries";
import { useCoupon } from "@/rooms/loyalty/queries";
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
import { BudgetBar, refusedOf, StockBar } from "./Bars";
import {
  type ClaimState,
  type Offer,
  useClaims,
  useCopyOffer,
  useOffer,
  useOfferStatus,
  useRefusals,
  useRemoveOffer,
  useSharedLink,
} from "./queries";
import { MILLION, percent, REASONS, STATE_TONE, STATUS_TONE } from "./words";

export function OfferPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useOffer(id);
  const title = (
    <span className="row">
      {query.data?.name ?? `#${id}`}
      {query.data && <Chip tone={STATUS_TONE[query.data.status]}>{t(`offers.status_${query.data.status}`)}</Chip>}
    </span>
  );
  return (
    <Page
      title={title}
      heading={query.data?.name}
      sub={<Link to="/offers">← {t("shell.page_offers")}</Link>}
      actions={query.data && <Actions offer={query.data} />}
    >
      <QueryView query={query} lines={10}>
        {(offer) => (
          <div className="stack">
            <Counts offer={offer} />
            <About offer={offer} />
            {offer.form === "draw" && <Draw offer={offer} />}
            <People offer={offer} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Actions({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const may = useMay();
  const navigate = useNavigate();
  const status = useOfferStatus(offer.id);
  const copy = useCopyOffer(offer.id);
  const remove = useRemoveOffer(offer.id);
  const link = useSharedLink(offer.id);
  if (!may("acquisition.write")) return null;
  const end = () =>
    modal.confirm({
      title: t("offers.end_title"),
      content: t(offer.form === "draw" ? "offers.end_draw" : "offers.end_hint"),
      okText: t("offers.end"),
      onOk: () => status.mutateAsync("ended"),
    });
  const more = [
    {
      key: "copy",
      label: t("offers.copy"),
      onClick: () => copy.mutate(undefined, { onSuccess: (made) => navigate(`/offers/${made.id}/edit`) }),
    },
    ...(offer.status === "draft"
      ? [
          {
            key: "remove",
            label: t("ui.delete"),
            danger: true,
            onClick: () => remove.mutate(undefined, { onSuccess: () => navigate("/offers") }),
          },
        ]
      : []),
    ...(offer.status === "live" || offer.status === "paused"
      ? [{ key: "end", label: t("offers.end"), danger: true, onClick: end }]
      : []),
  ];
  const shared = () =>
    link.mutate(undefined, {
      onSuccess: async (made) => {
        const url = made.items[0]?.url ?? "";
        await navigator.clipboard?.writeText(url).catch(() => undefined);
        void message.success(`${t("offers.link_copied")} ${url}`, 8);
      },
    });
  return (
    <>
      {offer.status !== "draft" && <Button onClick={shared}>{t("offers.shared_link")}</Button>}
      <Dropdown trigger={["click"]} menu={{ items: more }}>
        <Button>{t("offers.more")}</Button>
      </Dropdown>
      {offer.status !== "ended" && (
        <Link to={`/offers/${offer.id}/edit`}>
          <Button>{t("ui.edit")}</Button>
        </Link>
      )}
      {offer.status === "live" && (
        <Button loading={status.isPending} onClick={() => status.mutate("paused")}>
          {t("offers.pause")}
        </Button>
      )}
      {(offer.status === "draft" || offer.status === "paused") && (
        <Button type="primary" loading={status.isPending} onClick={() => status.mutate("live")}>
          {t("offers.go_live")}
        </Button>
      )}
    </>
  );
}

function Counts({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const used = offer.counts.used ?? 0;
  return (
    <Figures count={5}>
      <Figure
        label={t("offers.claimed")}
        value={<StockBar offer={offer} />}
        note={offer.closed && t(`offers.reason_${offer.closed}`)}
      />
      <Figure
        label={t("offers.used")}
        value={f.count(used)}
        note={f.rate(offer.claimed ? used / offer.claimed : null)}
      />
      <Figure
        label={t("offers.budget")}
        hint={t("offers.budget_hint")}
        value={<BudgetBar offer={offer} />}
        note={t("offers.redeemed_fen", { fen: f.money(offer.redeemed_fen) })}
      />
      <Figure label={t("offers.refused")} value={f.count(refusedOf(offer))} />
      <Figure
        label={t("offers.per_day")}
        value={offer.per_day == null ? t("offers.no_bound") : f.count(offer.per_day)}
      />
    </Figures>
  );
}

function About({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const coupon = useCoupon((may("loyalty.read") && offer.coupon_id) || null).data?.name;
  const article = usePiece((may("content.read") && offer.piece_id) || null).data?.name;
  const rows: [string, React.ReactNode][] = [
    [t("offers.form"), `${t(`offers.kind_${offer.kind}`)} · ${f.label(offer.form_name)}`],
    [t("offers.title"), offer.title],
    [t("offers.for_whom"), offer.for_whom || t("offers.everybody")],
    [
      t("offers.coupon"),
      offer.coupon_id != null ? (
        <Link key="c" to={`/coupons/${offer.coupon_id}`}>
          {coupon ?? `#${offer.coupon_id}`}
        </Link>
      ) : null,
    ],
    [
      t("offers.article"),
      offer.piece_id != null ? (
        <Link key="a" to={`/content/${offer.piece_id}`}>
          {article ?? `#${offer.piece_id}`}
        </Link>
      ) : null,
    ],
    [
      t("offers.event"),
      offer.event ? `${offer.event} · ${t("offers.within_days", { n: offer.event_days ?? "∞" })}` : null,
    ],
    [t("offers.begins"), offer.begins_at ? f.time(offer.begins_at) : null],
    [t("offers.ends"), offer.ends_at ? f.time(offer.ends_at) : t("offers.no_end")],
    [t("offers.in_messages"), <code key="code">{`{福利:${offer.name}}`}</code>],
  ];
  return (
    <Panel title={t("offers.about")}>
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

function Draw({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const none = MILLION - offer.prizes.reduce((sum, one) => sum + one.odds_ppm, 0);
  return (
    <Panel title={t("offers.prizes")} hint={t("offers.draw_hint")} flush>
      <DataTable
        caption={t("offers.prizes")}
        cards
        rows={offer.prizes}
        rowKey={(row) => row.id}
        columns={[
          { key: "name", title: t("offers.prize"), render: (row) => row.name },
          { key: "odds", title: t("offers.odds"), align: "right", render: (row) => percent(row.odds_ppm) },
          {
            key: "given",
            title: t("offers.given_of"),
            align: "right",
            render: (row) => `${f.count(row.given)} / ${f.count(row.stock)}`,
          },
          {
            key: "seen",
            title: t("offers.seen_rate"),
            align: "right",
            render: (row) => f.rate(offer.claimed ? row.given / offer.claimed : null),
          },
        ]}
      />
      <p className="muted small offer-note">
        {t("offers.no_prize")} {percent(none)} · {t("offers.gone_rule")}
        {offer.seed_hash && (
          <>
            <br />
            {t("offers.seed_hash")} <code className="wrap">{offer.seed_hash}</code>
          </>
        )}
      </p>
    </Panel>
  );
}

function People({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const [params, change] = useQueryState();
  const tab = params.get("tab") === "refusals" ? "refusals" : "claims";
  const take = (format: string) =>
    void save(`/api/v1/acquisition/offers/${offer.id}/export?format=${format}&what=${tab}`).catch(fail);
  const extra = may("customers.export") && (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: (["xlsx", "csv"] as const).map((key) => ({ key, label: key.toUpperCase() })),
        onClick: ({ key }) => take(key),
      }}
    >
      <Button>{t("offers.export")}</Button>
    </Dropdown>
  );
  return (
    <Panel title={t("offers.people")} extra={extra} flush>
      <Tabs
        className="offer-tabs"
        activeKey={tab}
        onChange={(key) => change({ tab: key === "claims" ? null : key, state: null, reason: null }, true)}
        items={[
          { key: "claims", label: t("offers.claims"), children: tab === "claims" && <Claims offer={offer} /> },
          { key: "refusals", label: t("offers.refusals"), children: tab === "refusals" && <Refusals offer={offer} /> },
        ]}
      />
    </Panel>
  );
}

const Person = ({ id, name }: { id: number; name?: string | null }) => {
  const { t } = useTranslation();
  return <Link to={`/customers/${id}`}>{name || t("customers.nameless", { id })}</Link>;
};

function Claims({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const state = (params.get("state") as ClaimState | null) ?? undefined;
  const { query, rows } = useClaims(offer.id, state);
  const prizes = new Map(offer.prizes.map((one) => [one.id, one.name]));
  return (
    <>
      <Select
        allowClear
        aria-label={t("offers.state")}
        placeholder={t("offers.state")}
        value={state}
        onChange={(value) => change({ state: value ?? null }, true)}
        options={Object.keys(STATE_TONE).map((value) => ({
          value,
          label: `${t(`offers.state_${value}`)} ${f.count(offer.counts[value] ?? 0)}`,
        }))}
        style={{ minWidth: 140, marginBottom: 8 }}
      />
      <QueryView query={query} lines={6}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t(state ? "offers.none_found" : "offers.no_claims")} />
          ) : (
            <>
              <DataTable
                caption={t("offers.claims")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  { key: "ticket", title: t("offers.ticket"), align: "right", render: (row) => f.count(row.ticket) },
                  {
                    key: "customer",
                    title: t("offers.customer"),
                    render: (row) => <Person id={row.customer_id} name={row.customer?.name} />,
                  },
                  {
                    key: "state",
                    title: t("offers.state"),
                    render: (row) => <Chip tone={STATE_TONE[row.state]}>{t(`offers.state_${row.state}`)}</Chip>,
                  },
                  ...(offer.form === "draw"
                    ? [
                        {
                          key: "prize",
                          title: t("offers.prize"),
                          render: (row: (typeof rows)[number]) => prizes.get(row.prize_id ?? 0) ?? "–",
                        },
                      ]
                    : []),
                  { key: "at", title: t("offers.at"), render: (row) => f.time(row.at) },
                  {
                    key: "cost",
                    title: t("offers.spent"),
                    align: "right",
                    render: (row) =>
                      row.state === "used" ? (
                        f.money(row.spent_fen)
                      ) : (
                        <span className="muted">{f.money(row.cost_fen)}</span>
                      ),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </>
  );
}

function Refusals({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const reason = params.get("reason") ?? undefined;
  const { query, rows } = useRefusals(offer.id, reason);
  return (
    <>
      <Select
        allowClear
        aria-label={t("offers.reason")}
        placeholder={t("offers.reason")}
        value={reason}
        onChange={(value) => change({ reason: value ?? null }, true)}
        options={REASONS.map((value) => ({
          value,
          label: `${t(`offers.reason_${value}`)} ${f.count(offer.counts[`refused:${value}`] ?? 0)}`,
        }))}
        style={{ minWidth: 180, marginBottom: 8 }}
      />
      <QueryView query={query} lines={6}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t(reason ? "offers.none_found" : "offers.no_refusals")} />
          ) : (
            <>
              <DataTable
                caption={t("offers.refusals")}
                cards
                rows={rows}
                rowKey={(row) => `${row.customer_id} ${row.reason}`}
                columns={[
                  {
                    key: "customer",
                    title: t("offers.customer"),
                    render: (row) => <Person id={row.customer_id} name={row.customer?.name} />,
                  },
                  { key: "reason", title: t("offers.reason"), render: (row) => t(`offers.reason_${row.reason}`) },
                  { key: "times", title: t("offers.times"), align: "right", render: (row) => f.count(row.times) },
                  { key: "at", title: t("offers.last_at"), render: (row) => f.time(row.at) },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
