import { PlusOutlined } from "@ant-design/icons";
import { Button, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { GivePoints } from "./GivePoints";
import { PeopleTable } from "./PeopleTable";
import { PostingsTab } from "./PostingsTab";
import { useBalances, useGiving, useTotals } from "./queries";

/** Points as a ledger: what is out, who has it, and every act that moved any. */
export function PointsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const [open, setOpen] = useState(false);
  const giving = useGiving();
  const give = may("loyalty.write") && (
    <Button type="primary" icon={<PlusOutlined />} loading={giving.busy} onClick={() => setOpen(true)}>
      {t("loyalty.give_points")}
    </Button>
  );
  const items = [
    { key: "postings", label: t("loyalty.tab_postings"), children: <PostingsTab action={give} /> },
    { key: "balances", label: t("loyalty.tab_balances"), children: <BalancesTab /> },
  ];
  return (
    <Page title={t("shell.page_points")} sub={t("loyalty.points_sub")} actions={give}>
      <div className="stack">
        <Accounts />
        <Tabs
          items={items}
          activeKey={params.get("tab") ?? "postings"}
          onChange={(key) => change({ tab: key === "postings" ? null : key, kind: null })}
          destroyOnHidden
        />
      </div>
      {open && <GivePoints onClose={() => setOpen(false)} started={giving.start} />}
    </Page>
  );
}

function Accounts() {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useTotals();
  return (
    <QueryView query={query} lines={2}>
      {(one) => (
        <Figures count={5}>
          <Figure
            label={t("loyalty.out")}
            value={f.count(one.customers - one.ended)}
            hint={t("loyalty.out_hint")}
            note={t("loyalty.with_people", { n: f.count(one.people) })}
          />
          <Figure label={t("loyalty.granted")} value={f.count(one.granted)} />
          <Figure label={t("loyalty.spent")} value={f.count(one.spent)} />
          <Figure label={t("loyalty.expired")} value={f.count(one.expired + one.ended)} />
          <Figure label={t("loyalty.ending_soon")} value={f.count(one.ending_soon)} hint={t("loyalty.ending_hint")} />
        </Figures>
      )}
    </QueryView>
  );
}

function BalancesTab() {
  const { t } = useTranslation();
  const { query, rows } = useBalances();
  return (
    <Panel title={t("loyalty.tab_balances")} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("loyalty.no_balances")} hint={t("loyalty.no_balances_hint")} />
          ) : (
            <>
              <PeopleTable rows={rows} caption={t("loyalty.tab_balances")} heading={t("loyalty.balance")} />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}
