import { PauseOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { LiveEntry } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { useFeeds, useLive } from "./queries";

/** The last hundred things that came in, asked for every two seconds while the page is in sight. */
export function LiveTab({ feed }: { feed?: number }) {
  const { t } = useTranslation();
  const [paused, pause] = useState(false);
  const [event, setEvent] = useState("");
  const [person, setPerson] = useState("");
  const [opened, open] = useState<LiveEntry | null>(null);
  const wanted = { feed, event: useDebounced(event.trim(), 300), person: useDebounced(person.trim(), 300) };
  const query = useLive(wanted, paused);
  const filtered = Boolean(wanted.event || wanted.person);
  return (
    <Panel
      title={t("events.live")}
      hint={t("events.live_hint")}
      flush
      extra={
        <>
          <Input
            allowClear
            style={{ width: 150 }}
            value={event}
            onChange={(e) => setEvent(e.target.value)}
            placeholder={t("events.filter_event")}
            aria-label={t("events.filter_event")}
          />
          <Input
            allowClear
            style={{ width: 190 }}
            value={person}
            onChange={(e) => setPerson(e.target.value)}
            placeholder={t("events.filter_person")}
            aria-label={t("events.filter_person")}
          />
          <Button icon={paused ? <PlayCircleOutlined /> : <PauseOutlined />} onClick={() => pause(!paused)}>
            {t(paused ? "events.go_on" : "events.pause")}
          </Button>
        </>
      }
    >
      <QueryView query={query} lines={8}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty
              title={t(filtered ? "events.live_none_match" : "events.live_none")}
              hint={t(filtered ? "events.live_none_match_hint" : "events.live_none_hint")}
              action={filtered ? null : <Link to="/feeds">{t("events.connect")}</Link>}
            />
          ) : (
            <Rows entries={data.items} open={open} />
          )
        }
      </QueryView>
      {opened && <OneEntry entry={opened} close={() => open(null)} />}
    </Panel>
  );
}

function Rows({ entries, open }: { entries: LiveEntry[]; open: (entry: LiveEntry) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const feeds = useFeeds();
  const name = new Map(feeds.data?.items.map((one) => [one.id, one.name]));
  return (
    <DataTable
      caption={t("events.live")}
      cards
      rows={entries}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "at",
          title: t("events.received"),
          render: (row) => <span title={f.time(row.received_at)}>{f.clock(row.received_at)}</span>,
        },
        {
          key: "name",
          title: t("events.event"),
          render: (row) => (
            <button type="button" className="plain linked" onClick={() => open(row)}>
              {row.name || row.wire}
            </button>
          ),
        },
        {
          key: "who",
          title: t("events.person"),
          wrap: true,
          render: (row) => row.ids.map((id) => `${id.namespace} ${id.value}`).join(" · "),
        },
        { key: "feed", title: t("events.feed"), render: (row) => name.get(row.feed_id) ?? `#${row.feed_id}` },
        {
          key: "state",
          title: t("events.state"),
          render: (row) =>
            row.reason ? (
              <Chip tone="cinnabar">{t(`events.reason_${row.reason}`, { defaultValue: row.reason })}</Chip>
            ) : (
              <Chip tone="pine">{t("events.taken")}</Chip>
            ),
        },
      ]}
    />
  );
}

function OneEntry({ entry, close }: { entry: LiveEntry; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [clear, setClear] = useState(false);
  const [row, index] = entry.id.split("/").map(Number) as [number, number];
  const query = useQuery({
    queryKey: ["events", "live", "one", entry.id],
    queryFn: () => must(api.GET("/api/v1/events/live/{row}/{index}", { params: { path: { row, index } } })),
    enabled: clear,
  });
  const shown = query.data ?? entry;
  return (
    <Modal
      open
      title={entry.name || entry.wire}
      onCancel={close}
      width={720}
      footer={
        may("customers.identifiers") && !clear ? (
          <Button onClick={() => setClear(true)}>{t("events.open_clear")}</Button>
        ) : null
      }
    >
      <div className="stack">
        <dl className="keyvals">
          <Pair name={t("events.received")} value={f.time(shown.received_at)} />
          <Pair name={t("events.told")} value={f.time(shown.told_at)} />
          <Pair name={t("events.operation")} value={shown.wire} />
          {shown.ids.map((id) => (
            <Pair key={id.namespace + id.value} name={id.namespace} value={id.value} />
          ))}
        </dl>
        <pre className="document">{JSON.stringify(shown.told, null, 2)}</pre>
        {clear && query.isPending && <p className="muted">{t("shell.loading")}</p>}
        {clear && query.data && <p className="muted small">{t("events.opened_note")}</p>}
      </div>
    </Modal>
  );
}

const Pair = ({ name, value }: { name: string; value: string }) => (
  <div className="pair">
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
