import { CheckCircleFilled, LoadingOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Popconfirm, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Feed } from "@/api/types";
import { CopyLine } from "@/rooms/carriers/CopyLine";
import { useMay } from "@/shell/session";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { FeedState } from "./FeedState";
import { useFeed, useFeedActs, usePlan } from "./queries";
import { sdksFor } from "./snippets";

const MODES = ["record", "quarantine", "strict"] as const;

/** One feed: what to paste, whether the first event has come, how strict it is, its key. */
export function FeedPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useFeed(id);
  const feed = query.data;
  return (
    <Page
      title={
        <span className="row">
          {feed?.name ?? `#${id}`} {feed && <FeedState feed={feed} />}
        </span>
      }
      heading={feed?.name ?? `#${id}`}
      sub={<Link to="/feeds">← {t("shell.page_feeds")}</Link>}
      actions={feed && <Acts feed={feed} />}
    >
      <QueryView query={query} lines={8}>
        {(data) => (
          <div className="stack">
            <Heard feed={data} />
            <Connect feed={data} />
            <Strictness feed={data} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Acts({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { change } = useFeedActs(feed.id);
  if (!may("events.write")) return null;
  const paused = feed.status === "paused";
  return (
    <Button
      loading={change.isPending}
      onClick={() => change.mutate({ status: paused ? "active" : "paused" }, { onError: fail })}
    >
      {t(paused ? "events.resume_feed" : "events.pause_feed")}
    </Button>
  );
}

/** Whether it works: seen without a click as soon as the first event is there. */
function Heard({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (feed.first_heard_at) {
    return (
      <p className="notice pine" role="status">
        <CheckCircleFilled /> <strong>{t("events.first_came", { at: f.time(feed.first_heard_at) })}</strong>{" "}
        {t("events.so_far", { n: f.count(feed.operation_count), at: f.time(feed.heard_at) })}{" "}
        <Link to={`/events?feed=${feed.id}`}>{t("events.look_live")}</Link>
      </p>
    );
  }
  return (
    <p className="notice ochre" role="status">
      <LoadingOutlined /> <strong>{t("events.waiting")}</strong> {t("events.waiting_hint")}
    </p>
  );
}

function Connect({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const sdks = sdksFor(feed.kind);
  const chosen = sdks.find((one) => one.key === params.get("sdk")) ?? sdks[0]!;
  const host = location.origin;
  return (
    <Panel
      title={t("events.connect")}
      hint={t("events.connect_hint")}
      extra={
        <Select
          style={{ minWidth: 180 }}
          aria-label="SDK"
          value={chosen.key}
          onChange={(sdk) => change({ sdk }, true)}
          options={sdks.map((one) => ({ value: one.key, label: one.name }))}
        />
      }
    >
      <div className="stack">
        <div className="copy-lines">
          <CopyLine label={t("events.host")} value={host} />
          <CopyLine label={t("events.write_key")} value={feed.write_key} />
        </div>
        <Snippet name={chosen.name} code={chosen.code(host, feed.write_key)} />
        <Try feed={feed} />
      </div>
    </Panel>
  );
}

function Snippet({ name, code }: { name: string; code: string }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const copy = () =>
    navigator.clipboard.writeText(code).then(
      () => message.success(t("ui.copied")),
      () => message.info(t("carriers.copy_by_hand")),
    );
  return (
    <div className="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} role="group" aria-label={name}>
        {code}
      </pre>
      <Button size="small" onClick={() => void copy()}>
        {t("ui.copy")}
      </Button>
    </div>
  );
}

/** An event of this browser, the way a page would send it. */
function Try({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const fail = useFail();
  const { message } = App.useApp();
  const send = useMutation({
    mutationFn: async () => {
      const body = {
        writeKey: feed.write_key,
        anonymousId: "siyu-console",
        event: "siyu_test",
        properties: { page: location.pathname },
      };
      const answer = await fetch("/v1/track", { method: "POST", body: JSON.stringify(body), credentials: "omit" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    },
    onSuccess: () => void message.success(t("events.test_sent")),
    onError: fail,
  });
  return (
    <p className="row small muted">
      <Button size="small" loading={send.isPending} onClick={() => send.mutate()}>
        {t("events.send_test")}
      </Button>
      {t("events.send_test_hint")}
    </p>
  );
}

function Strictness({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const plan = usePlan();
  const { mode, rotate } = useFeedActs(feed.id);
  const now = plan.data?.modes.find((one) => one.feed_id === feed.id)?.mode ?? "record";
  return (
    <Panel title={t("events.strictness")} hint={t("events.strictness_hint")}>
      <div className="stack">
        <Segmented
          className="fit"
          aria-label={t("events.strictness")}
          disabled={!may("events.write") || mode.isPending}
          value={now}
          onChange={(value) => mode.mutate(value, { onError: fail })}
          options={MODES.map((value) => ({ value, label: t(`events.mode_${value}`) }))}
        />
        <p className="small muted">{t(`events.mode_${now}_hint`)}</p>
        {may("events.write") && (
          <p className="row small muted">
            <Popconfirm
              title={t("events.rotate_sure")}
              okText={t("events.rotate")}
              cancelText={t("ui.cancel")}
              onConfirm={() => rotate.mutate(undefined, { onError: fail })}
            >
              <Button size="small" loading={rotate.isPending}>
                {t("events.rotate")}
              </Button>
            </Popconfirm>
            {feed.previous_key && t("events.old_key", { key: feed.previous_key, at: f.time(feed.previous_until) })}
          </p>
        )}
      </div>
    </Panel>
  );
}
