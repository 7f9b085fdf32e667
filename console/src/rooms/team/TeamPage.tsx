import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { MembersTab } from "./MembersTab";
import { RolesTab } from "./RolesTab";
import { TokensTab } from "./TokensTab";

export function TeamPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = [
    { key: "members", label: t("team.members"), children: <MembersTab /> },
    { key: "roles", label: t("team.roles"), children: <RolesTab /> },
    { key: "tokens", label: t("team.tokens"), children: <TokensTab /> },
  ];
  return (
    <Page title={t("shell.page_team")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "members"}
        onChange={(tab) => change({ tab: tab === "members" ? null : tab })}
        destroyOnHidden
      />
    </Page>
  );
}
