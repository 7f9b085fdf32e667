import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useFeeds, useRefreshEvents, useViolations } from "./queries";

const TONE: Record<string, Tone> = {
  unknown_event: "ochre",
  unknown_property: "ochre",
  missing: "cinnabar",
  wrong_type: "cinnabar",
  not_allowed: "cinnabar",
};

/** How events broke the plan: counted, with a masked example. */
export function ViolationsTab({ feed }: { feed?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const feeds = useFeeds();
  const query = useViolations(feed);
  const name = new Map(feeds.data?.items.map((one) => [one.id, one.name]));
  const clear = useMutation({
    mutationFn: () => must(api.DELETE("/api/v1/events/violations", { params: { query: { feed } } })),
    onSuccess: useRefreshEvents(),
    onError: fail,
  });
  return (
    <Panel
      title={t("events.tab_violations")}
      hint={t("events.violations_hint")}
      flush
      extra={
        may("events.write") &&
        (query.data?.items.length ?? 0) > 0 && (
          <Button loading={clear.isPending} onClick={() => clear.mutate()}>
            {t("events.count_anew")}
          </Button>
        )
      }
    >
      <QueryView query={query} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={t("events.violations_none")} hint={t("events.violations_none_hint")} />
          ) : (
            <DataTable
              caption={t("events.tab_violations")}
              cards
              rows={data.items}
              rowKey={(row) => [row.feed_id, row.event, row.property, row.kind].join(" ")}
              columns={[
                {
                  key: "kind",
                  title: t("events.violation"),
                  render: (row) => <Chip tone={TONE[row.kind]}>{t(`events.kind_${row.kind}`)}</Chip>,
                },
                { key: "event", title: t("events.event"), render: (row) => <code>{row.event}</code> },
                {
                  key: "property",
                  title: t("events.property"),
                  render: (row) => row.property && <code>{row.property}</code>,
                },
                { key: "sample", title: t("events.sample"), wrap: true, render: (row) => row.sample },
                { key: "feed", title: t("events.feed"), render: (row) => name.get(row.feed_id) ?? `#${row.feed_id}` },
                { key: "count", title: t("events.times"), align: "right", render: (row) => f.count(row.count) },
                { key: "first", title: t("events.first"), render: (row) => f.time(row.first_at) },
                { key: "last", title: t("events.last"), render: (row) => f.time(row.last_at) },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
