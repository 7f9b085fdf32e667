import { PlusOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Shop } from "@/api/types";
import { STATUS_TONE } from "@/rooms/carriers/words";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { FaultNote } from "./FaultNote";
import { SourceNav } from "./SourceNav";
import { useShops } from "./shopQueries";

const PRODUCTS = ["youzan", "wechat_shop", "order_webhook"];

/** Shops that tell of their orders by themselves. */
export function ShopsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const shops = useShops();
  const connect = may("carriers.write") && (
    <div className="row">
      {PRODUCTS.map((product) => (
        <Link key={product} to={`/accounts/new?product=${product}`} className="primary-link">
          <PlusOutlined /> {t(`orders.connect_${product}`)}
        </Link>
      ))}
    </div>
  );
  return (
    <Page title={t("orders.shops")} sub={t("orders.shops_sub")} actions={connect}>
      <SourceNav />
      <QueryView query={shops} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="panel">
              <Empty title={t("orders.shops_none")} hint={t("orders.shops_none_hint")} action={connect} />
            </div>
          ) : (
            <ul className="account-cards">
              {data.items.map((shop) => (
                <li key={shop.id}>
                  <ShopCard shop={shop} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Page>
  );
}

function ShopCard({ shop }: { shop: Shop }) {
  const { t } = useTranslation();
  const f = useFormat();
  const facts = [
    ["shop_orders", shop.order_count],
    ["shop_wanted", shop.wanted_count],
    ["shop_unreadable", shop.unreadable_count],
  ] as const;
  return (
    <article className="panel account-card" aria-label={shop.name}>
      <header className="row spread">
        <span>
          <h2>
            <Link to={`/imports/shops/${shop.id}`}>{shop.name}</Link>
          </h2>
          <p className="muted small">
            {f.label(shop.product_name)} · <code>{shop.source}</code>
          </p>
        </span>
        <Chip tone={STATUS_TONE[shop.status] ?? "plain"}>{t(`carriers.status_${shop.status}`)}</Chip>
      </header>
      <FaultNote fault={shop.fault} />
      <dl className="account-facts">
        {facts.map(([key, count]) => (
          <div key={key}>
            <dt>{t(`orders.${key}`)}</dt>
            <dd className="num">{f.count(count)}</dd>
          </div>
        ))}
      </dl>
      <p className="small muted">
        {t("orders.last_told", { at: shop.last_told_at ? f.time(shop.last_told_at) : t("orders.never") })}
      </p>
    </article>
  );
}
