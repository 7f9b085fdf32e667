import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { LooksTab } from "./LooksTab";
import { PurposesTab } from "./PurposesTab";
import { RequestDrawer } from "./RequestDrawer";
import { RequestsTab } from "./RequestsTab";
import { RetentionTab } from "./RetentionTab";

export function RightsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = [
    { key: "requests", label: t("rights.requests"), children: <RequestsTab /> },
    { key: "purposes", label: t("rights.purposes"), children: <PurposesTab /> },
    { key: "retention", label: t("rights.retention"), children: <RetentionTab /> },
    { key: "looks", label: t("rights.looks"), children: <LooksTab /> },
  ];
  return (
    <Page title={t("shell.page_rights")} sub={t("rights.sub")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "requests"}
        onChange={(tab) => change({ tab: tab === "requests" ? null : tab })}
        destroyOnHidden
      />
      <RequestDrawer id={params.get("request")} onClose={() => change({ request: null })} />
    </Page>
  );
}
