import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { SendsTab } from "./SendsTab";
import { SuppressionsTab } from "./SuppressionsTab";
import { UnknownTab } from "./UnknownTab";

const TABS = { sends: SendsTab, unknown: UnknownTab, suppressed: SuppressionsTab };

/** All that goes out: the sends, those of which nothing is known, and addresses that are not written to any more. */
export function SendsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = Object.entries(TABS).map(([key, Tab]) => ({
    key,
    label: t(`messaging.tab_${key}`),
    children: <Tab />,
  }));
  return (
    <Page title={t("shell.page_sends")} sub={t("messaging.sends_sub")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "sends"}
        onChange={(key) =>
          change({ tab: key === "sends" ? null : key, status: null, q: null, carrier: null, reason: null })
        }
        destroyOnHidden
      />
    </Page>
  );
}
