import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Job, Quarantined, QuarantinePage } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useFeeds, useRefreshEvents } from "./queries";

const STATUSES = ["waiting", "replayed", "discarded"] as const;
const TONE = { waiting: "ochre", replayed: "pine", discarded: "plain" } as const;
type Wanted = { ids: number[]; reason?: string; feed?: number };

/** What could not be taken in, by reason; after a fix it is taken in by a replay, or given up with a reason. Nothing goes silently. */
export function QuarantineTab({ feed }: { feed?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [status, setStatus] = useState<(typeof STATUSES)[number]>("waiting");
  const [reason, setReason] = useState<string>();
  const [chosen, choose] = useState(new Set<string | number>());
  const [opened, open] = useState<number | null>(null);
  const [discarding, discard] = useState<Wanted | null>(null);
  const feeds = useFeeds();
  const name = new Map(feeds.data?.items.map((one) => [one.id, one.name]));
  const { query, rows, total } = useCursorList(["events", "quarantine", feed, status, reason], (cursor) =>
    must(api.GET("/api/v1/events/quarantine", { params: { query: { feed, status, reason, cursor, limit: 50 } } })),
  );
  const reasons = (query.data?.pages[0] as QuarantinePage | undefined)?.reasons ?? [];
  const wanted: Wanted = chosen.size ? { ids: [...chosen].map(Number) } : { ids: [], reason, feed };
  const count = chosen.size || (total ?? 0);
  const acts = may("events.write") && status === "waiting" && rows.length > 0 && (
    <>
      <Replay wanted={wanted} count={count} done={() => choose(new Set())} />
      <Button danger onClick={() => discard(wanted)}>
        {t("events.discard", { n: count })}
      </Button>
    </>
  );
  return (
    <div className="stack">
      <Panel
        title={t("events.tab_quarantine")}
        hint={t("events.quarantine_hint")}
        flush
        extra={
          <>
            <Segmented
              aria-label={t("events.state")}
              value={status}
              onChange={(value) => {
                setStatus(value);
                choose(new Set());
              }}
              options={STATUSES.map((one) => ({ value: one, label: t(`events.held_${one}`) }))}
            />
            {reasons.length > 0 && (
              <Select
                allowClear
                style={{ minWidth: 200 }}
                aria-label={t("events.reason")}
                placeholder={t("events.reason")}
                value={reason}
                onChange={setReason}
                options={reasons.map((one) => ({
                  value: one.reason,
                  label: `${f.label(one.says)} · ${f.count(one.count)}`,
                }))}
              />
            )}
            {acts}
          </>
        }
      >
        <QueryView query={query} lines={6}>
          {() =>
            rows.length === 0 ? (
              <Empty title={t("events.quarantine_none")} hint={t("events.quarantine_none_hint")} />
            ) : (
              <DataTable
                caption={t("events.tab_quarantine")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                selected={may("events.write") && status === "waiting" ? chosen : undefined}
                onSelect={choose}
                columns={[
                  { key: "at", title: t("events.received"), render: (row) => f.time(row.received_at) },
                  {
                    key: "feed",
                    title: t("events.feed"),
                    render: (row) => (row.feed_id ? (name.get(row.feed_id) ?? `#${row.feed_id}`) : ""),
                  },
                  {
                    key: "reason",
                    title: t("events.reason"),
                    wrap: true,
                    render: (row) => (
                      <>
                        <button type="button" className="plain linked" onClick={() => open(row.id)}>
                          {f.label(row.says)}
                        </button>
                        {row.detail && <p className="small muted">{row.detail}</p>}
                      </>
                    ),
                  },
                  {
                    key: "count",
                    title: t("events.operations"),
                    align: "right",
                    render: (row) => f.count(row.operation_count),
                  },
                  {
                    key: "state",
                    title: t("events.state"),
                    wrap: true,
                    render: (row) => <State row={row} />,
                  },
                ]}
              />
            )
          }
        </QueryView>
        <MoreButton query={query} />
      </Panel>
      {opened !== null && <One id={opened} close={() => open(null)} />}
      {discarding && <Discard wanted={discarding} count={count} close={() => discard(null)} />}
    </div>
  );
}

function State({ row }: { row: Quarantined }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <>
      <Chip tone={TONE[row.status as keyof typeof TONE]}>{t(`events.held_${row.status}`)}</Chip>
      {row.settled_at && (
        <p className="small muted">
          {f.time(row.settled_at)} · {row.settled_by}
        </p>
      )}
    </>
  );
}

/** The job once it has ended; asked for every second. */
async function ended(job_id: string): Promise<Job> {
  for (;;) {
    const job = await must(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id } } }));
    if (job.status !== "queued" && job.status !== "running") return job;
    await new Promise((wake) => setTimeout(wake, 1000));
  }
}

function Replay({ wanted, count, done }: { wanted: Wanted; count: number; done: () => void }) {
  const { t } = useTranslation();
  const fail = useFail();
  const { message } = App.useApp();
  const refresh = useRefreshEvents();
  const replay = useMutation({
    mutationFn: async () => {
      const { job_id } = await must(api.POST("/api/v1/events/quarantine/replay", { body: wanted }));
      return ended(job_id);
    },
    onSuccess: (job) => {
      done();
      refresh();
      const result = job.result as { entries: number; replayed: number; operations: number } | null;
      if (job.status === "done" && result) void message.success(t("events.replay_done", result));
      else void message.error(<Link to="/jobs">{t("events.replay_failed")}</Link>);
    },
    onError: fail,
  });
  return (
    <Button type="primary" loading={replay.isPending} onClick={() => replay.mutate()}>
      {t("events.replay", { n: count })}
    </Button>
  );
}

function Discard({ wanted, count, close }: { wanted: Wanted; count: number; close: () => void }) {
  const { t } = useTranslation();
  const [why, setWhy] = useState("");
  const refresh = useRefreshEvents();
  const act = useMutation({
    mutationFn: () => must(api.POST("/api/v1/events/quarantine/discard", { body: { ...wanted, why: why.trim() } })),
    onSuccess: () => {
      refresh();
      close();
    },
  });
  return (
    <Modal
      open
      title={t("events.discard", { n: count })}
      onCancel={close}
      onOk={() => act.mutate()}
      okText={t("events.discard", { n: count })}
      cancelText={t("ui.cancel")}
      okButtonProps={{ danger: true, loading: act.isPending, disabled: !why.trim() }}
    >
      <div className="form">
        {act.error && <ProblemView error={act.error} compact />}
        <Field label={t("events.discard_why")} help={t("events.discard_help")}>
          <Input value={why} maxLength={200} onChange={(e) => setWhy(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}

function One({ id, close }: { id: number; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery({
    queryKey: ["events", "quarantine", "one", id],
    queryFn: () => must(api.GET("/api/v1/events/quarantine/{id}", { params: { path: { id } } })),
  });
  return (
    <Modal open title={t("events.quarantined_item", { id })} onCancel={close} width={760} footer={null}>
      <QueryView query={query} lines={6}>
        {(one) => (
          <div className="stack">
            <p>
              <strong>{f.label(one.says)}</strong> {one.detail}
            </p>
            <p>
              <span className="muted">{t("ui.way_out")}</span> {f.label(one.way_out)}
            </p>
            <pre className="document">{one.document}</pre>
          </div>
        )}
      </QueryView>
    </Modal>
  );
}
