import { EllipsisOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Dropdown, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { JourneyRow, JourneyStatus } from "@/api/types";
import { useMay } from "@/shell/session";
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
import "@/styles/journeys.css";
import { path, useCopyJourney, useJourneyCounts, useJourneys, useNewJourney, useRefreshJourneys } from "./queries";
import { TemplateDrawer } from "./Templates";
import { STATUS_TONE } from "./words";

const STATUSES: JourneyStatus[] = ["draft", "live", "paused", "draining", "stopped"];

export function JourneysPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const status = STATUSES.find((one) => one === params.get("status"));
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const [choosing, setChoosing] = useState(false);
  const q = useDebounced(typed.trim(), 250);
  const { query, rows } = useJourneys({ status: status && [status], q: q || undefined });
  const counts = useJourneyCounts();
  const options = ["all", ...STATUSES].map((name) => ({
    value: name,
    label: name === "all" ? t("ui.all") : `${t(`journeys.status_${name}`)} ${counts.data?.[name] ?? ""}`,
  }));
  const write = may("journeys.write");
  const buttons = write && (
    <>
      <Button onClick={() => setChoosing(true)}>{t("journeys.from_template")}</Button>
      <NewButton />
    </>
  );
  return (
    <Page title={t("shell.page_journeys")} sub={t("journeys.sub")} actions={buttons}>
      <div className="calendar-tools">
        <Segmented
          aria-label={t("journeys.status")}
          options={options}
          value={status ?? "all"}
          onChange={(name) => change({ status: name === "all" ? null : String(name) })}
        />
        <Input.Search
          allowClear
          placeholder={t("journeys.find")}
          aria-label={t("journeys.find")}
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
            title={t(q || status ? "journeys.none_found" : "journeys.none")}
            hint={q || status ? undefined : t("journeys.none_hint")}
            action={!q && !status && buttons}
          />
        ) : (
          <>
            <Table rows={rows} />
            <MoreButton query={query} />
          </>
        )}
      </div>
      {choosing && <TemplateDrawer onClose={() => setChoosing(false)} />}
    </Page>
  );
}

function NewButton() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const fail = useFail();
  const make = useNewJourney();
  return (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      loading={make.isPending}
      onClick={() =>
        make.mutate(
          { name: t("journeys.new_name") },
          { onSuccess: (made) => navigate(`/journeys/${made.id}`), onError: fail },
        )
      }
    >
      {t("journeys.new")}
    </Button>
  );
}

function Table({ rows }: { rows: JourneyRow[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_journeys")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("journeys.name"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/journeys/${row.id}`}>{row.name}</Link>
              {row.description && <p className="muted small jabout">{row.description}</p>}
            </>
          ),
        },
        {
          key: "status",
          title: t("journeys.status"),
          render: (row) => (
            <>
              <Chip tone={STATUS_TONE[row.status]}>{f.label(row.status_name)}</Chip>{" "}
              {row.version !== null && <span className="muted small num">v{row.version}</span>}{" "}
              {row.version !== null && row.is_changed && (
                <span className="muted small">{t("journeys.draft_changed")}</span>
              )}
            </>
          ),
        },
        {
          key: "way",
          title: t("journeys.on_the_way"),
          align: "right",
          render: (row) => (row.version ? f.count(row.on_the_way_count) : "–"),
        },
        {
          key: "failed",
          title: t("journeys.figure_failed"),
          align: "right",
          render: (row) =>
            row.failed_count ? <b className="bad">{f.count(row.failed_count)}</b> : row.version ? "0" : "–",
        },
        {
          key: "entered",
          title: t("journeys.entered"),
          align: "right",
          render: (row) => (row.version ? f.count(row.entered_count) : "–"),
        },
        {
          key: "goal",
          title: t("journeys.goal_rate"),
          align: "right",
          render: (row) => (row.goal_rate === null ? "–" : f.rate(row.goal_rate)),
        },
        {
          key: "holdout",
          title: t("journeys.holdout_goal_rate"),
          align: "right",
          render: (row) =>
            row.holdout_goal_rate === null
              ? "–"
              : `${f.rate(row.holdout_goal_rate)} · ${t("journeys.people_n", { n: f.count(row.held_out_count) })}`,
        },
        { key: "changed", title: t("journeys.changed_at"), render: (row) => f.time(row.updated_at) },
        {
          key: "act",
          title: <span className="visually-hidden">{t("journeys.more")}</span>,
          render: (row) => <RowMenu row={row} />,
        },
      ]}
    />
  );
}

function RowMenu({ row }: { row: JourneyRow }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const copy = useCopyJourney();
  const refresh = useRefreshJourneys();
  const put = async () => {
    await must(api.DELETE("/api/v1/journeys/{journey_id}", path(row.id)));
    void message.success(t("journeys.deleted", { name: row.name }));
    refresh();
  };
  const remove = () =>
    modal.confirm({
      title: t("journeys.delete_ask", { name: row.name }),
      content: t("journeys.delete_hint"),
      okText: t("ui.delete"),
      okButtonProps: { danger: true },
      onOk: () => put().catch(fail),
    });
  const items = [
    { key: "open", label: t("journeys.open_it"), onClick: () => navigate(`/journeys/${row.id}`) },
    { key: "history", label: t("journeys.tab_history"), onClick: () => navigate(`/journeys/${row.id}?tab=history`) },
    ...(may("journeys.write")
      ? [
          {
            key: "copy",
            label: t("journeys.copy"),
            onClick: () =>
              copy.mutate(row.id, { onSuccess: (made) => navigate(`/journeys/${made.id}`), onError: fail }),
          },
          ...(row.version === null ? [{ key: "delete", danger: true, label: t("ui.delete"), onClick: remove }] : []),
        ]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button
        type="text"
        size="small"
        icon={<EllipsisOutlined />}
        aria-label={t("journeys.more_of", { name: row.name })}
      />
    </Dropdown>
  );
}
