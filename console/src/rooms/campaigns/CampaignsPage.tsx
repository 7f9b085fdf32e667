import { EllipsisOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Dropdown, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { CampaignRow, CampaignStatus } from "@/api/types";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { ProblemView } from "@/ui/ProblemView";
import { useDebounced } from "@/ui/useDebounced";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { useCampaignCounts, useCampaigns, useCopyCampaign, useNewCampaign, useRefreshCampaigns } from "./queries";
import { PURPOSE_TONE, STATUS_TONE } from "./words";

const GROUPS: Record<string, CampaignStatus[]> = {
  drafts: ["draft", "in_review", "approved"],
  ahead: ["scheduled"],
  live: ["running", "paused"],
  done: ["over", "cancelled"],
};

export function CampaignsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const group = params.get("group") ?? "all";
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const q = useDebounced(typed.trim(), 250);
  const { query, rows } = useCampaigns({ status: GROUPS[group], q: q || undefined });
  const counts = useCampaignCounts();
  const count = (name: string) => (GROUPS[name] ?? []).reduce((sum, status) => sum + (counts.data?.[status] ?? 0), 0);
  const groups = ["all", ...Object.keys(GROUPS)].map((name) => ({
    value: name,
    label: name === "all" ? t("ui.all") : `${t(`campaigns.group_${name}`)} ${count(name)}`,
  }));
  const actions = (
    <>
      <Link to="/calendar" className="quiet-link">
        {t("shell.page_calendar")}
      </Link>
      {may("campaigns.write") && <NewButton />}
    </>
  );
  return (
    <Page title={t("shell.page_campaigns")} sub={t("campaigns.sub")} actions={actions}>
      <div className="calendar-tools">
        <Segmented
          aria-label={t("campaigns.group")}
          options={groups}
          value={group}
          onChange={(name) => change({ group: name === "all" ? null : name })}
        />
        <Input.Search
          allowClear
          placeholder={t("campaigns.find")}
          aria-label={t("campaigns.find")}
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          style={{ width: 200 }}
        />
      </div>
      <div className="panel">
        {query.error ? (
          <ProblemView error={query.error} retry={() => void query.refetch()} />
        ) : query.data === undefined ? (
          <Loading lines={6} />
        ) : rows.length === 0 ? (
          <Empty
            title={t(q || group !== "all" ? "campaigns.none_found" : "campaigns.none")}
            hint={q || group !== "all" ? undefined : t("campaigns.none_hint")}
            action={!q && group === "all" && may("campaigns.write") && <NewButton />}
          />
        ) : (
          <>
            <Table rows={rows} />
            <MoreButton query={query} />
          </>
        )}
      </div>
    </Page>
  );
}

function NewButton() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const fail = useFail();
  const make = useNewCampaign();
  return (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      loading={make.isPending}
      onClick={() =>
        make.mutate(t("campaigns.new_name"), {
          onSuccess: (made) => navigate(`/campaigns/${made.id}/edit`),
          onError: fail,
        })
      }
    >
      {t("campaigns.new")}
    </Button>
  );
}

const opens = (row: CampaignRow): string =>
  row.status === "draft" ? `/campaigns/${row.id}/edit` : `/campaigns/${row.id}`;

function Table({ rows }: { rows: CampaignRow[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_campaigns")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("campaigns.name"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={opens(row)}>{row.name}</Link>
              <p className="muted small">
                {row.carriers.map((one) => t(`campaigns.carrier_${one}`)).join(" › ") || t("campaigns.no_carrier")}
              </p>
            </>
          ),
        },
        {
          key: "purpose",
          title: t("campaigns.purpose"),
          render: (row) => <Chip tone={PURPOSE_TONE[row.purpose]}>{t(`campaigns.purpose_${row.purpose}`)}</Chip>,
        },
        {
          key: "status",
          title: t("campaigns.status"),
          render: (row) => <Chip tone={STATUS_TONE[row.status]}>{f.label(row.status_name)}</Chip>,
        },
        { key: "next", title: t("campaigns.next_step"), wrap: true, render: (row) => <NextStep row={row} /> },
        {
          key: "starts",
          title: t("campaigns.starts"),
          render: (row) => f.time(row.started_at ?? row.starts_at),
        },
        {
          key: "reach",
          title: t("campaigns.reach"),
          align: "right",
          render: (row) => f.count(row.reach),
        },
        { key: "sent", title: t("campaigns.told"), align: "right", render: (row) => f.count(row.sent_count) },
        {
          key: "act",
          title: <span className="visually-hidden">{t("campaigns.more")}</span>,
          render: (row) => <RowMenu row={row} />,
        },
      ]}
    />
  );
}

/** What a person has to do now, or what happens by itself. */
function NextStep({ row }: { row: CampaignRow }) {
  const { t } = useTranslation();
  const f = useFormat();
  const to = { draft: "/edit", in_review: "", approved: "", paused: "", over: "" }[row.status as string];
  const text = t(`campaigns.next_${row.status}`, {
    at: f.time(row.starts_at),
    why: row.status_code ? t(`campaigns.code_${row.status_code}`, { defaultValue: row.status_code }) : "",
    n: row.wave_done_count,
    of: row.wave_count,
  });
  return (
    <>
      {to === undefined ? <span>{text}</span> : <Link to={`/campaigns/${row.id}${to}`}>{text}</Link>}
      {row.status === "running" && row.reach ? <Bar value={row.sent_count / row.reach} label={text} /> : null}
    </>
  );
}

function RowMenu({ row }: { row: CampaignRow }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const copy = useCopyCampaign();
  const refresh = useRefreshCampaigns();
  const put = async () => {
    await must(api.DELETE("/api/v1/campaigns/{campaign_id}", { params: { path: { campaign_id: row.id } } }));
    void message.success(t("campaigns.deleted", { name: row.name }));
    refresh();
  };
  const remove = () =>
    modal.confirm({
      title: t("campaigns.delete_ask", { name: row.name }),
      content: t("campaigns.delete_hint"),
      okText: t("ui.delete"),
      okButtonProps: { danger: true },
      onOk: () => put().catch(fail),
    });
  const items = [
    { key: "open", label: t("campaigns.open"), onClick: () => navigate(opens(row)) },
    ...(may("campaigns.write")
      ? [
          {
            key: "copy",
            label: t("campaigns.copy"),
            onClick: () =>
              copy.mutate(row.id, { onSuccess: (made) => navigate(`/campaigns/${made.id}/edit`), onError: fail }),
          },
          ...(row.status === "draft" ? [{ key: "delete", danger: true, label: t("ui.delete"), onClick: remove }] : []),
        ]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button
        type="text"
        size="small"
        icon={<EllipsisOutlined />}
        aria-label={t("campaigns.more_of", { name: row.name })}
      />
    </Dropdown>
  );
}
