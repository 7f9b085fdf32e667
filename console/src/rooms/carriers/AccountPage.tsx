import { Button, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { CarrierAccount } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { ChecksPanel } from "./ChecksPanel";
import { DeliveriesPanel } from "./DeliveriesPanel";
import { GreetingsPanel } from "./GreetingsPanel";
import { HealthPanels } from "./HealthPanels";
import { InboxPanel } from "./InboxPanel";
import { ProductMark } from "./ProductMark";
import { useAccount, useAccountAct } from "./queries";
import { ReconcilesPanel } from "./ReconcileStep";
import { SettingsPanel } from "./SettingsPanel";
import { StatusNote } from "./StatusNote";
import { WaysPanel } from "./WaysPanel";
import { WelcomesPanel } from "./WelcomesPanel";
import { PRODUCTS_WITH_STAFF, RECONCILED, STATUS_TONE } from "./words";

export function AccountPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useAccount(id);
  const account = query.data;
  const title = (
    <span className="row">
      {account && <ProductMark product={account.product} />}
      {account?.name ?? `#${id}`}
      {account && <Chip tone={STATUS_TONE[account.status] ?? "plain"}>{t(`carriers.status_${account.status}`)}</Chip>}
    </span>
  );
  return (
    <Page
      title={title}
      heading={account?.name ?? `#${id}`}
      sub={<Link to="/accounts">← {t("shell.page_accounts")}</Link>}
      actions={account && <Acts account={account} />}
    >
      <QueryView query={query} lines={8}>
        {(data) => <Body account={data} />}
      </QueryView>
    </Page>
  );
}

function Acts({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const may = useMay();
  const act = useAccountAct(account);
  const fail = useFail();
  if (!may("carriers.write")) return null;
  const paused = account.status === "paused";
  return (
    <Button loading={act.isPending} onClick={() => act.mutate(paused ? "resume" : "pause", { onError: fail })}>
      {t(paused ? "carriers.resume" : "carriers.pause")}
    </Button>
  );
}

function Body({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const tabs = [
    {
      key: "health",
      label: t("carriers.tab_health"),
      children: (
        <div className="stack">
          {may("carriers.write") && <ChecksPanel account={account} />}
          <HealthPanels account={account} />
        </div>
      ),
    },
    ...(PRODUCTS_WITH_STAFF.has(account.product)
      ? [
          {
            key: "welcomes",
            label: t("carriers.tab_welcomes"),
            children: (
              <div className="stack">
                <WelcomesPanel account={account} />
                <GreetingsPanel account={account} />
              </div>
            ),
          },
          { key: "ways", label: t("carriers.tab_ways"), children: <WaysPanel account={account} /> },
        ]
      : []),
    ...(RECONCILED.has(account.product)
      ? [{ key: "reconciles", label: t("carriers.reconciles"), children: <ReconcilesPanel account={account} /> }]
      : []),
    ...(account.product === "webhook"
      ? [{ key: "deliveries", label: t("carriers.tab_deliveries"), children: <DeliveriesPanel account={account} /> }]
      : []),
    ...(account.callback_url
      ? [{ key: "inbox", label: t("carriers.tab_inbox"), children: <InboxPanel account={account} /> }]
      : []),
    { key: "settings", label: t("carriers.tab_settings"), children: <SettingsPanel account={account} /> },
  ];
  return (
    <div className="stack">
      <StatusNote account={account} />
      <p className="muted small">
        {f.label(account.product_name)} · <code>{account.ref}</code> ·{" "}
        {t("carriers.holds", {
          contacts: f.count(account.contact_count),
          open: f.count(account.open_relation_count),
        })}
      </p>
      <Tabs
        items={tabs}
        activeKey={params.get("tab") ?? "health"}
        onChange={(tab) => change({ tab: tab === "health" ? null : tab })}
        destroyOnHidden
      />
    </div>
  );
}
