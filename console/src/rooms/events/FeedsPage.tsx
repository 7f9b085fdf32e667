import { PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { Feed } from "@/api/types";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { FeedState } from "./FeedState";
import { useFeeds, useRefreshEvents } from "./queries";

const KINDS = ["web", "mini_program", "app", "server", "shop"] as const;

/** Everything that sends us events; each has a key of its own. */
export function FeedsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const feeds = useFeeds();
  const [making, make] = useState(false);
  const add = may("events.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => make(true)}>
      {t("events.new_feed")}
    </Button>
  );
  return (
    <Page title={t("shell.page_feeds")} sub={t("events.feeds_sub")} actions={add}>
      <QueryView query={feeds} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="panel">
              <Empty title={t("events.feeds_none")} hint={t("events.feeds_none_hint")} action={add} />
            </div>
          ) : (
            <ul className="account-cards">
              {data.items.map((feed) => (
                <li key={feed.id}>
                  <FeedCard feed={feed} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {making && <NewFeed close={() => make(false)} />}
    </Page>
  );
}

function FeedCard({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <article className="panel account-card" aria-label={feed.name}>
      <header className="row spread">
        <span>
          <h2>
            <Link to={`/feeds/${feed.id}`}>{feed.name}</Link>
          </h2>
          <p className="muted small">{t(`events.feed_kind_${feed.kind}`)}</p>
        </span>
        <FeedState feed={feed} />
      </header>
      <dl className="account-facts">
        <div>
          <dt>{t("events.operations")}</dt>
          <dd className="num">{f.short(feed.operation_count)}</dd>
        </div>
      </dl>
      <p className="small muted">
        {t("events.last_heard", { at: feed.heard_at ? f.time(feed.heard_at) : t("events.never") })}
      </p>
    </article>
  );
}

function NewFeed({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefreshEvents();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Feed["kind"]>("web");
  const [users, setUsers] = useState("account:app");
  const [key, setKey] = useState("");
  const save = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/feeds", {
          body: { name: name.trim(), kind, user_namespace: users, write_key: key.trim() || null },
        }),
      ),
    onSuccess: (feed) => {
      refresh();
      navigate(`/feeds/${feed.id}`);
    },
  });
  return (
    <Modal
      open
      title={t("events.new_feed")}
      onCancel={close}
      onOk={() => save.mutate()}
      okText={t("events.new_feed")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !name.trim() }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("events.feed_name")} help={t("events.feed_name_help")}>
          <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("events.feed_kind")}>
          <Select
            value={kind}
            onChange={setKind}
            aria-label={t("events.feed_kind")}
            options={KINDS.map((value) => ({ value, label: t(`events.feed_kind_${value}`) }))}
          />
        </Field>
        <Field label={t("events.users_are")} help={t("events.users_are_help")}>
          <Select
            value={users}
            onChange={setUsers}
            aria-label={t("events.users_are")}
            options={["account:app", "member"].map((value) => ({
              value,
              label: t(`events.users_${value === "member" ? "member" : "account"}`),
            }))}
          />
        </Field>
        <Field label={t("events.own_key")} help={t("events.own_key_help")}>
          <Input value={key} maxLength={64} onChange={(e) => setKey(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}
