import { App, Button, Drawer, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { JourneyPerson } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { ProblemView } from "@/ui/ProblemView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import type { PeopleState } from "./canvas/FlowContext";
import { path, useRefreshJourneys } from "./queries";

export type Behind = { node: string; state: PeopleState; version: number };
type Props = { id: number; behind: Behind; title: string; onClose: () => void; onState: (state: PeopleState) => void };

const STATES: PeopleState[] = ["here", "waiting", "failed", "passed"];

/** The people behind a number of the canvas, and what can be done for them. */
export function PeopleDrawer({ id, behind, title, onClose, onState }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { message, modal } = App.useApp();
  const refresh = useRefreshJourneys();
  const [chosen, setChosen] = useState<Set<string | number>>(new Set());
  const query = { version: behind.version, node: behind.node, state: behind.state };
  const list = useCursorList(["journeys", "people", id, query], (cursor) =>
    must(
      api.GET("/api/v1/journeys/{journey_id}/people", {
        params: { path: { journey_id: id }, query: { ...query, cursor, limit: 50 } },
      }),
    ),
  );
  const ids = [...chosen].map(Number);
  const done = (key: string, count: number) => {
    void message.success(t(key, { count }));
    setChosen(new Set());
    refresh();
  };
  const retry = async () => {
    const body = ids.length ? { enrolment_ids: ids } : { enrolment_ids: [], node: behind.node };
    const answer = await must(api.POST("/api/v1/journeys/{journey_id}/retry", { ...path(id), body }));
    done("journeys.retried_n", answer.count);
  };
  const people = list.rows.filter((row) => chosen.has(row.enrolment_id)).map((row) => row.customer.id);
  const remove = () =>
    modal.confirm({
      title: t("journeys.remove_ask", { count: ids.length }),
      content: t("journeys.remove_hint"),
      okText: t("journeys.remove"),
      okButtonProps: { danger: true },
      onOk: async () => {
        const answer = await must(
          api.POST("/api/v1/journeys/{journey_id}/remove", { ...path(id), body: { customer_ids: people } }),
        ).catch(fail);
        if (answer) done("journeys.removed_n", answer.count);
      },
    });
  const exported = new URLSearchParams({ version: String(behind.version), node: behind.node, state: behind.state });
  return (
    <Drawer
      open
      title={title}
      onClose={onClose}
      size="large"
      extra={
        may("customers.export") && (
          <Button
            size="small"
            onClick={() => void save(`/api/v1/journeys/${id}/people/export?${exported}`).catch(fail)}
          >
            {t("journeys.people_export")}
          </Button>
        )
      }
    >
      <div className="row spread jpeople-tools">
        <Segmented
          aria-label={t("journeys.people_state")}
          options={STATES.map((state) => ({ value: state, label: t(`journeys.figure_${state}`) }))}
          value={behind.state}
          onChange={(state) => {
            setChosen(new Set());
            onState(state as PeopleState);
          }}
        />
        {may("journeys.write") && (
          <span className="row tight">
            {behind.state === "failed" && list.rows.length > 0 && (
              <Button size="small" type="primary" onClick={() => void retry().catch(fail)}>
                {t(ids.length ? "journeys.retry_chosen" : "journeys.retry_all")}
              </Button>
            )}
            {behind.state !== "passed" && ids.length > 0 && (
              <Button size="small" danger onClick={remove}>
                {t("journeys.remove")}
              </Button>
            )}
          </span>
        )}
      </div>
      {list.query.error ? (
        <ProblemView error={list.query.error} retry={() => void list.query.refetch()} />
      ) : list.query.data === undefined ? (
        <Loading lines={8} />
      ) : list.rows.length === 0 ? (
        <Empty title={t("journeys.people_none")} hint={t(`journeys.figure_${behind.state}_hint`)} />
      ) : (
        <>
          <People
            rows={list.rows}
            state={behind.state}
            chosen={may("journeys.write") && behind.state !== "passed" ? chosen : undefined}
            onChoose={setChosen}
          />
          <MoreButton query={list.query} />
        </>
      )}
    </Drawer>
  );
}

type PeopleProps = {
  rows: JourneyPerson[];
  state: PeopleState;
  chosen: Set<string | number> | undefined;
  onChoose: (chosen: Set<string | number>) => void;
};

function People({ rows, state, chosen, onChoose }: PeopleProps) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("journeys.people")}
      cards
      rows={rows}
      rowKey={(row) => row.enrolment_id}
      selected={chosen}
      onSelect={onChoose}
      columns={[
        {
          key: "name",
          title: t("ui.customers"),
          render: (row) => (
            <Link to={`/customers/${row.customer.id}`}>{row.customer.name || `#${row.customer.id}`}</Link>
          ),
        },
        {
          key: "arrived",
          title: t(state === "passed" ? "journeys.came_at" : "journeys.here_since"),
          render: (row) => f.time(row.arrived_at),
        },
        ...(state === "failed" || state === "passed"
          ? []
          : [
              {
                key: "due",
                title: t("journeys.goes_on_at"),
                render: (row: JourneyPerson) => (row.due_at ? f.time(row.due_at) : t("journeys.until_event")),
              },
            ]),
        ...(state === "passed"
          ? [
              {
                key: "edge",
                title: t("journeys.way"),
                render: (row: JourneyPerson) =>
                  row.edge ? t(`journeys.edge_${row.edge}`, { defaultValue: row.edge }) : "",
              },
            ]
          : []),
        {
          key: "code",
          title: t("journeys.why"),
          render: (row) =>
            row.code ? (
              <Chip tone={state === "failed" ? "cinnabar" : "ochre"}>
                {t(`journeys.code_${row.code}`, {
                  defaultValue: t(`messaging.reason_${row.code}`, { defaultValue: row.code }),
                })}
              </Chip>
            ) : (
              ""
            ),
        },
        state === "passed"
          ? { key: "left", title: t("journeys.left_at"), render: (row: JourneyPerson) => f.time(row.left_at) }
          : { key: "entered", title: t("journeys.entered_at"), render: (row: JourneyPerson) => f.time(row.entered_at) },
      ]}
    />
  );
}
