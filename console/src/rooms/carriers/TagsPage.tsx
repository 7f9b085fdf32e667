import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { CarrierTag, CarrierTagGroup } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { useAccounts } from "./queries";
import { PRODUCTS_WITH_STAFF } from "./words";

const TONE: Record<string, Tone> = { in_sync: "pine", only_here: "indigo", only_there: "ochre", conflict: "cinnabar" };

/** Tags of the corp beside ours: two ways, by a rule that is stated. */
export function TagsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const accounts = useAccounts();
  const mine = (accounts.data?.items ?? []).filter((one) => PRODUCTS_WITH_STAFF.has(one.product));
  const id = Number(params.get("account")) || mine[0]?.id;
  const choose = mine.length > 1 && (
    <Select
      aria-label={t("carriers.accounts")}
      style={{ minWidth: 170 }}
      value={id}
      onChange={(value) => change({ account: String(value) }, true)}
      options={mine.map((one) => ({ value: one.id, label: one.name }))}
    />
  );
  return (
    <Page title={t("shell.page_tags")} sub={t("carriers.tags_sub")} actions={choose}>
      <QueryView query={accounts} lines={6}>
        {() =>
          id ? (
            <Tags id={id} />
          ) : (
            <div className="panel">
              <Empty
                title={t("carriers.tags_no_account")}
                hint={t("carriers.tags_no_account_hint")}
                action={<Link to="/accounts/new">{t("carriers.connect")}</Link>}
              />
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}

function Tags({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [adding, setAdding] = useState(false);
  const query = useQuery({
    queryKey: ["carriers", "tags", id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/tags", { params: { path: { id } } })),
    refetchInterval: 10_000,
  });
  const refresh = () => client.invalidateQueries({ queryKey: ["carriers", "tags", id] });
  const sync = useMutation({
    mutationFn: () => must(api.POST("/api/v1/carriers/accounts/{id}/tags/sync", { params: { path: { id } } })),
    onSuccess: () => {
      void message.success(t("carriers.tags_sync_started"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
      setTimeout(() => void refresh(), 2500);
    },
    onError: fail,
  });
  const acts = may("carriers.write") && (
    <>
      <Button onClick={() => sync.mutate()} loading={sync.isPending}>
        {t("carriers.tags_sync")}
      </Button>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
        {t("carriers.add_tag")}
      </Button>
    </>
  );
  return (
    <QueryView query={query} lines={6}>
      {(data) => (
        <div className="stack">
          <div className="row spread">
            <p className="notice indigo tag-rule">
              <strong>{t("carriers.tags_rule")}</strong> {f.label(data.rule)}
            </p>
            <span className="row">{acts}</span>
          </div>
          {data.groups.length === 0 ? (
            <div className="panel">
              <Empty title={t("carriers.tags_none")} hint={t("carriers.tags_none_hint")} />
            </div>
          ) : (
            data.groups.map((group) => (
              <GroupPanel key={group.id} id={id} group={group} onChange={() => void refresh()} />
            ))
          )}
          {adding && (
            <AddTag
              id={id}
              groups={data.groups.map((group) => group.name)}
              onClose={() => setAdding(false)}
              onMade={() => {
                setAdding(false);
                void refresh();
              }}
            />
          )}
        </div>
      )}
    </QueryView>
  );
}

function GroupPanel({ id, group, onChange }: { id: number; group: CarrierTagGroup; onChange: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  return (
    <Panel title={group.name} flush>
      <DataTable
        caption={group.name}
        cards
        rows={group.tags}
        rowKey={(tag) => tag.id}
        columns={[
          { key: "name", title: t("carriers.tag_there"), render: (tag) => tag.there_name ?? tag.name },
          { key: "here", title: t("carriers.tag_here"), render: (tag) => tag.siyu_tag },
          {
            key: "people",
            title: t("ui.customers"),
            align: "right",
            render: (tag) => f.count(tag.customer_count),
          },
          {
            key: "state",
            title: t("team.state"),
            wrap: true,
            render: (tag) => (
              <>
                <Chip tone={TONE[tag.state] ?? "plain"}>
                  {t(`carriers.tag_${tag.state}`, { defaultValue: tag.state })}
                </Chip>
                {tag.missing_since && (
                  <p className="small muted">{t("carriers.tag_missing", { at: f.time(tag.missing_since) })}</p>
                )}
              </>
            ),
          },
          ...(may("carriers.write")
            ? [
                {
                  key: "act",
                  title: <span className="visually-hidden">{t("ui.edit")}</span>,
                  render: (tag: CarrierTag) => <TagActs id={id} tag={tag} onChange={onChange} />,
                },
              ]
            : []),
        ]}
      />
    </Panel>
  );
}

function TagActs({ id, tag, onChange }: { id: number; tag: CarrierTag; onChange: () => void }) {
  const { t } = useTranslation();
  const fail = useFail();
  const [renaming, setRenaming] = useState(false);
  const path = { params: { path: { id, tag_id: tag.id } } };
  const done = { onSuccess: onChange, onError: fail };
  const remove = useMutation({
    mutationFn: () => must(api.DELETE("/api/v1/carriers/accounts/{id}/tags/{tag_id}", path)),
    ...done,
  });
  const restore = useMutation({
    mutationFn: () => must(api.POST("/api/v1/carriers/accounts/{id}/tags/{tag_id}/restore", path)),
    ...done,
  });
  return (
    <span className="row">
      <Button size="small" onClick={() => setRenaming(true)} aria-label={t("carriers.edit_of", { name: tag.name })}>
        {t("ui.edit")}
      </Button>
      {tag.missing_since && (
        <Button
          size="small"
          onClick={() => restore.mutate()}
          loading={restore.isPending}
          aria-label={t("carriers.restore_tag_of", { name: tag.name })}
        >
          {t("carriers.restore_tag")}
        </Button>
      )}
      <Popconfirm
        title={t("carriers.remove_tag", { n: tag.customer_count })}
        okText={t("ui.delete")}
        cancelText={t("ui.cancel")}
        onConfirm={() => remove.mutate()}
      >
        <Button size="small" danger aria-label={t("carriers.remove_store_of", { name: tag.name })}>
          {t("ui.delete")}
        </Button>
      </Popconfirm>
      {renaming && (
        <EditTag
          id={id}
          tag={tag}
          onClose={() => setRenaming(false)}
          onSaved={() => {
            setRenaming(false);
            onChange();
          }}
        />
      )}
    </span>
  );
}

function EditTag({
  id,
  tag,
  onClose,
  onSaved,
}: {
  id: number;
  tag: CarrierTag;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { t } = useTranslation();
  const [name, setName] = useState(tag.name);
  const [ours, setOurs] = useState(tag.siyu_tag ?? "");
  const save = useMutation({
    mutationFn: () =>
      must(
        api.PATCH("/api/v1/carriers/accounts/{id}/tags/{tag_id}", {
          params: { path: { id, tag_id: tag.id } },
          body: { name: name.trim(), siyu_tag: ours.trim() || null },
        }),
      ),
    onSuccess: onSaved,
  });
  return (
    <Modal
      open
      title={t("carriers.edit_of", { name: tag.name })}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !name.trim() }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("carriers.tag_there")} help={t("carriers.tag_there_help")}>
          <Input value={name} maxLength={30} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("carriers.tag_here")} help={t("carriers.tag_here_help")}>
          <Input value={ours} onChange={(e) => setOurs(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}

type AddProps = { id: number; groups: string[]; onClose: () => void; onMade: () => void };

function AddTag({ id, groups, onClose, onMade }: AddProps) {
  const { t } = useTranslation();
  const [group, setGroup] = useState(groups[0] ?? "");
  const [name, setName] = useState("");
  const [ours, setOurs] = useState("");
  const save = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/carriers/accounts/{id}/tags", {
          params: { path: { id } },
          body: { group: group.trim(), name: name.trim(), siyu_tag: ours.trim() || null },
        }),
      ),
    onSuccess: onMade,
  });
  return (
    <Modal
      open
      title={t("carriers.add_tag")}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t("carriers.add_tag")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !name.trim() || !group.trim() }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("carriers.tag_group")} help={groups.join("、")}>
          <Input value={group} maxLength={30} onChange={(e) => setGroup(e.target.value)} />
        </Field>
        <Field label={t("carriers.tag_there")}>
          <Input value={name} maxLength={30} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("carriers.tag_here")} help={t("carriers.tag_here_help")}>
          <Input value={ours} onChange={(e) => setOurs(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}
