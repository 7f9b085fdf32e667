import { Select, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Page } from "@/ui/Page";
import { useQueryState } from "@/ui/useQueryState";
import { CatalogueTab } from "./CatalogueTab";
import { LiveTab } from "./LiveTab";
import { PlanTab } from "./PlanTab";
import { QuarantineTab } from "./QuarantineTab";
import { useFeeds } from "./queries";
import { SeenTab } from "./SeenTab";
import { ViolationsTab } from "./ViolationsTab";

/** What comes in: as it comes, by name, what breaks the plan, what was set aside; and the plan itself. */
export function EventsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const feeds = useFeeds();
  const feed = Number(params.get("feed")) || undefined;
  const tab = params.get("tab") ?? "live";
  const choose = (feeds.data?.items.length ?? 0) > 1 && tab !== "plan" && tab !== "catalogue" && (
    <Select
      aria-label={t("events.feed")}
      style={{ minWidth: 170 }}
      value={feed ?? 0}
      onChange={(value) => change({ feed: value ? String(value) : null }, true)}
      options={[
        { value: 0, label: t("events.all_feeds") },
        ...(feeds.data?.items ?? []).map((one) => ({ value: one.id, label: one.name })),
      ]}
    />
  );
  const tabs = [
    { key: "live", children: <LiveTab feed={feed} /> },
    { key: "seen", children: <SeenTab feed={feed} /> },
    { key: "plan", children: <PlanTab /> },
    { key: "violations", children: <ViolationsTab feed={feed} /> },
    { key: "quarantine", children: <QuarantineTab feed={feed} /> },
    { key: "catalogue", children: <CatalogueTab /> },
  ].map((one) => ({ ...one, label: t(`events.tab_${one.key}`) }));
  return (
    <Page
      title={t("shell.page_events")}
      sub={
        <>
          {t("events.sub")} <Link to="/feeds">{t("shell.page_feeds")} →</Link>
        </>
      }
      actions={choose}
    >
      <Tabs
        items={tabs}
        activeKey={tab}
        onChange={(key) => change({ tab: key === "live" ? null : key })}
        destroyOnHidden
      />
    </Page>
  );
}
