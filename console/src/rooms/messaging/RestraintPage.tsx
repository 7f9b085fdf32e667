import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { BudgetsTab } from "./BudgetsTab";
import { HoldoutTab } from "./HoldoutTab";
import { PolicyTab } from "./PolicyTab";
import { PolicyVersionsTab } from "./PolicyVersionsTab";

const TABS = { policy: PolicyTab, budgets: BudgetsTab, holdout: HoldoutTab, versions: PolicyVersionsTab };

/** How much people are told, decided in one place: the rules, what they would have done, and those that were before. */
export function RestraintPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = Object.entries(TABS).map(([key, Tab]) => ({
    key,
    label: t(`messaging.tab_${key}`),
    children: <Tab />,
  }));
  return (
    <Page title={t("shell.page_restraint")} sub={t("messaging.restraint_sub")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "policy"}
        onChange={(key) => change({ tab: key === "policy" ? null : key, holdout: null })}
        destroyOnHidden
      />
    </Page>
  );
}
