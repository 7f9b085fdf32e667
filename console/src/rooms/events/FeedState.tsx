import { useTranslation } from "react-i18next";
import type { Feed } from "@/api/types";
import { Chip } from "@/ui/Chip";

export function FeedState({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  if (feed.status === "paused") return <Chip>{t("events.feed_paused")}</Chip>;
  return feed.heard_at ? (
    <Chip tone="pine">{t("events.feed_heard")}</Chip>
  ) : (
    <Chip tone="ochre">{t("events.feed_silent")}</Chip>
  );
}
