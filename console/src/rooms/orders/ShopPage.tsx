import { Button, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Shop } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { FaultNote } from "./FaultNote";
import { MappingPanel } from "./MappingPanel";
import { usePull, useShop, useToldOrders } from "./shopQueries";

const STATE_TONE: Record<string, Tone> = {
  unpaid: "plain",
  paid: "indigo",
  part_shipped: "indigo",
  shipped: "indigo",
  done: "pine",
  closed: "plain",
  refunded: "ochre",
};

export function ShopPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const shop = useShop(id);
  const sub = (
    <>
      <Link to="/imports/shops">← {t("orders.shops")}</Link> ·{" "}
      <Link to={`/accounts/${id}`}>{t("orders.to_account")}</Link>
    </>
  );
  return (
    <Page title={shop.data?.name ?? t("orders.shop_n", { id })} sub={sub}>
      <QueryView query={shop} lines={8}>
        {(data) => (
          <div className="stack">
            <Standing shop={data} />
            {data.product === "order_webhook" && <MappingPanel shop={data} />}
            <Told id={id} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Standing({ shop }: { shop: Shop }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const pull = usePull(shop.id);
  return (
    <Panel
      title={t("orders.shop_standing")}
      extra={
        shop.pulls &&
        may("imports.write") && (
          <Button type="primary" loading={pull.isPending} onClick={() => pull.mutate(null)}>
            {t("orders.pull")}
          </Button>
        )
      }
    >
      <FaultNote fault={shop.fault} />
      {pull.error && <ProblemView error={pull.error} compact />}
      {pull.data && <p className="notice pine">{t("orders.pull_started")}</p>}
      <Figures count={3}>
        <Figure label={t("orders.shop_orders")} value={f.count(shop.order_count)} />
        <Figure
          label={t("orders.shop_wanted")}
          hint={t("orders.shop_wanted_hint")}
          value={f.count(shop.wanted_count)}
        />
        <Figure label={t("orders.shop_unreadable")} value={f.count(shop.unreadable_count)} />
      </Figures>
      <p className="muted small">
        {t("orders.last_told", { at: shop.last_told_at ? f.time(shop.last_told_at) : t("orders.never") })}
        {shop.pulls &&
          ` · ${t("orders.pulled_to", { at: shop.pulled_to ? f.time(shop.pulled_to) : t("orders.never") })}`}
      </p>
    </Panel>
  );
}

function Told({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [faults, setFaults] = useState(false);
  const { query, rows } = useToldOrders(id, faults);
  return (
    <Panel
      title={t("orders.told")}
      flush
      extra={
        <Checkbox checked={faults} onChange={(e) => setFaults(e.target.checked)}>
          {t("orders.faults_only")}
        </Checkbox>
      }
    >
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t(faults ? "orders.told_no_faults" : "orders.told_none")} hint={t("orders.told_none_hint")} />
          ) : (
            <DataTable
              caption={t("orders.told")}
              cards
              rows={rows}
              rowKey={(row) => row.order_no}
              columns={[
                { key: "no", title: t("orders.field_order_no"), render: (row) => <code>{row.order_no}</code> },
                {
                  key: "state",
                  title: t("orders.field_status"),
                  render: (row) =>
                    row.state ? (
                      <Chip tone={STATE_TONE[row.state] ?? "plain"}>{f.label(row.state_name)}</Chip>
                    ) : (
                      <Chip tone="ochre">{t(row.is_wanted ? "orders.wanted" : "orders.unread")}</Chip>
                    ),
                },
                { key: "at", title: t("orders.field_ordered_at"), render: (row) => f.time(row.ordered_at) },
                {
                  key: "told",
                  title: t("orders.told_at"),
                  render: (row) => <span className="muted">{f.time(row.told_at)}</span>,
                },
                {
                  key: "fault",
                  title: t("orders.fault"),
                  wrap: true,
                  render: (row) => row.fault && <FaultNote fault={row.fault} />,
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
