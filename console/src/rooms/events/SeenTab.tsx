import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { SeenEvent } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { Sparkline } from "@/ui/Sparkline";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { usePlanActs, useSeen } from "./queries";

/** Every event name that came in, how often by day, with its properties as they are; what is new stands out. */
export function SeenTab({ feed }: { feed?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const query = useSeen(feed);
  const { adopt } = usePlanActs();
  const [opened, open] = useState<string | null>(null);
  return (
    <QueryView query={query} lines={8}>
      {(data) => {
        if (data.items.length === 0) {
          return (
            <div className="panel">
              <Empty
                title={t("events.seen_none")}
                hint={t("events.seen_none_hint")}
                action={<Link to="/feeds">{t("events.connect")}</Link>}
              />
            </div>
          );
        }
        const unknown = data.items.filter((one) => !one.planned).map((one) => one.name);
        const today = data.items.reduce((sum, one) => sum + (one.days.at(-1) ?? 0), 0);
        const one = data.items.find((event) => event.name === opened);
        return (
          <div className="stack">
            <Figures count={4}>
              <Figure label={t("events.names")} value={f.count(data.items.length)} />
              <Figure label={t("events.unknown")} hint={t("events.unknown_hint")} value={f.count(unknown.length)} />
              <Figure label={t("events.today")} value={f.short(today)} />
              <Figure
                label={t("events.ever")}
                value={f.short(data.items.reduce((sum, event) => sum + event.count, 0))}
              />
            </Figures>
            <Panel
              title={t("events.tab_seen")}
              hint={t("events.seen_hint")}
              flush
              extra={
                may("events.write") &&
                unknown.length > 0 && (
                  <Button loading={adopt.isPending} onClick={() => adopt.mutate(unknown, { onError: fail })}>
                    {t("events.adopt_all", { n: unknown.length })}
                  </Button>
                )
              }
            >
              <DataTable
                caption={t("events.tab_seen")}
                cards
                rows={data.items}
                rowKey={(row) => row.name}
                columns={[
                  {
                    key: "name",
                    title: t("events.event"),
                    render: (row) => (
                      <button
                        type="button"
                        className="plain linked"
                        aria-expanded={opened === row.name}
                        onClick={() => open(opened === row.name ? null : row.name)}
                      >
                        {row.name}
                      </button>
                    ),
                  },
                  {
                    key: "planned",
                    title: t("events.tab_plan"),
                    render: (row) => <Planned planned={row.planned} />,
                  },
                  { key: "days", title: t("events.days_14"), render: (row) => <Sparkline values={row.days} /> },
                  {
                    key: "today",
                    title: t("events.today"),
                    align: "right",
                    render: (row) => f.count(row.days.at(-1)),
                  },
                  { key: "count", title: t("events.ever"), align: "right", render: (row) => f.count(row.count) },
                  { key: "first", title: t("events.first"), render: (row) => f.time(row.first_at) },
                  { key: "last", title: t("events.last"), render: (row) => f.time(row.last_at) },
                ]}
              />
            </Panel>
            {one && <Properties event={one} adopt={() => adopt.mutate([one.name], { onError: fail })} />}
          </div>
        );
      }}
    </QueryView>
  );
}

function Planned({ planned }: { planned: boolean }) {
  const { t } = useTranslation();
  return planned ? <Chip tone="pine">{t("events.planned")}</Chip> : <Chip tone="ochre">{t("events.unplanned")}</Chip>;
}

function Properties({ event, adopt }: { event: SeenEvent; adopt: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const isNew = !event.planned || event.properties.some((property) => !property.planned);
  return (
    <Panel
      title={t("events.properties_of", { name: event.name })}
      flush
      extra={may("events.write") && isNew && <Button onClick={adopt}>{t("events.adopt")}</Button>}
    >
      {event.properties.length === 0 ? (
        <p className="panel-body muted">{t("events.no_properties")}</p>
      ) : (
        <DataTable
          caption={t("events.properties_of", { name: event.name })}
          cards
          rows={event.properties}
          rowKey={(row) => row.name}
          columns={[
            { key: "name", title: t("events.property"), render: (row) => <code>{row.name}</code> },
            {
              key: "types",
              title: t("events.types"),
              render: (row) => (
                <span className="row">
                  {row.types.map((kind) => (
                    <Chip key={kind} tone={row.types.length > 1 ? "ochre" : "plain"}>
                      {t(`events.type_${kind}`)}
                    </Chip>
                  ))}
                </span>
              ),
            },
            {
              key: "share",
              title: t("events.filled"),
              align: "right",
              render: (row) => f.rate(Math.min(1, row.count / event.count), 0),
            },
            { key: "planned", title: t("events.tab_plan"), render: (row) => <Planned planned={row.planned} /> },
            { key: "first", title: t("events.first"), render: (row) => f.time(row.first_at) },
            { key: "last", title: t("events.last"), render: (row) => f.time(row.last_at) },
          ]}
        />
      )}
    </Panel>
  );
}
