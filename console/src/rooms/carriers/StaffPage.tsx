import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { StaffTab } from "./StaffTab";
import { StoresTab } from "./StoresTab";

export function StaffPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = [
    { key: "staff", label: t("carriers.staff"), children: <StaffTab /> },
    { key: "stores", label: t("carriers.stores"), children: <StoresTab /> },
  ];
  return (
    <Page title={t("shell.page_staff")} sub={t("carriers.staff_sub")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "staff"}
        onChange={(tab) => change({ tab: tab === "staff" ? null : tab })}
        destroyOnHidden
      />
    </Page>
  );
}
