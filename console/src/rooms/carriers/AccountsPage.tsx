import { PlusOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CarrierAccount } from "@/api/types";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ProductMark } from "./ProductMark";
import { useAccounts } from "./queries";
import { StatusNote } from "./StatusNote";
import { STATUS_TONE } from "./words";

export function AccountsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const accounts = useAccounts();
  const connect = may("carriers.write") && (
    <Link to="/accounts/new" className="primary-link">
      <PlusOutlined /> {t("carriers.connect")}
    </Link>
  );
  return (
    <Page title={t("shell.page_accounts")} sub={t("carriers.accounts_sub")} actions={connect}>
      <QueryView query={accounts} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="panel">
              <Empty title={t("carriers.none")} hint={t("carriers.none_hint")} action={connect} />
            </div>
          ) : (
            <div className="stack">
              <Totals accounts={data.items} />
              <ul className="account-cards">
                {data.items.map((account) => (
                  <li key={account.id}>
                    <AccountCard account={account} />
                  </li>
                ))}
              </ul>
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}

function Totals({ accounts }: { accounts: CarrierAccount[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const sum = (key: "contact_count" | "open_relation_count") => accounts.reduce((all, one) => all + one[key], 0);
  const wrong = accounts.filter((one) => one.status !== "connected" && one.status !== "paused").length;
  return (
    <Figures count={4}>
      <Figure label={t("carriers.accounts")} value={f.count(accounts.length)} />
      <Figure
        label={t("carriers.troubled")}
        value={f.count(wrong)}
        note={wrong ? t("carriers.troubled_note") : undefined}
      />
      <Figure label={t("carriers.contacts")} hint={t("carriers.contacts_hint")} value={f.count(sum("contact_count"))} />
      <Figure
        label={t("carriers.open_relations")}
        hint={t("carriers.open_relations_hint")}
        value={f.count(sum("open_relation_count"))}
      />
    </Figures>
  );
}

function AccountCard({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { health } = account;
  return (
    <article className="panel account-card" aria-label={account.name}>
      <header className="row spread">
        <span className="row account-title">
          <ProductMark product={account.product} />
          <span>
            <h2>
              <Link to={`/accounts/${account.id}`}>{account.name}</Link>
            </h2>
            <p className="muted small">
              {f.label(account.product_name)} · <code>{account.ref}</code>
            </p>
          </span>
        </span>
        <Chip tone={STATUS_TONE[account.status] ?? "plain"}>{t(`carriers.status_${account.status}`)}</Chip>
      </header>
      <StatusNote account={account} />
      <dl className="account-facts">
        <div>
          <dt>{t("carriers.contacts")}</dt>
          <dd className="num">{f.count(account.contact_count)}</dd>
        </div>
        <div>
          <dt>{t("carriers.open_relations")}</dt>
          <dd className="num">{f.count(account.open_relation_count)}</dd>
        </div>
        <div>
          <dt>{t("carriers.calls_24h")}</dt>
          <dd className="num">{f.count(health.call_count)}</dd>
        </div>
        <div>
          <dt>{t("carriers.failed_24h")}</dt>
          <dd className={health.failed_count ? "num loss" : "num"}>{f.count(health.failed_count)}</dd>
        </div>
      </dl>
      <div className="account-budget">
        <span className="small muted">{t("carriers.budget")}</span>
        <Bar
          value={health.budget_left_rate}
          tone={health.budget_left_rate > 0.5 ? "pine" : health.budget_left_rate > 0 ? "ochre" : "cinnabar"}
          label={t("carriers.budget")}
        />
        <span className="small num">{f.rate(health.budget_left_rate, 0)}</span>
      </div>
      <p className="small muted">
        {account.callback_url
          ? t("carriers.last_callback", {
              at: account.called_back_at ? f.time(account.called_back_at) : t("carriers.never"),
            })
          : t("carriers.last_call", { at: health.last_call_at ? f.time(health.last_call_at) : t("carriers.never") })}
      </p>
    </article>
  );
}
