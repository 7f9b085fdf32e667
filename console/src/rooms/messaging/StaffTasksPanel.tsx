import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import type { Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import type { Send } from "./queries";

type Task = Row<"/api/v1/messaging/sends/{id}/staff-tasks">;
const TONES: Record<string, Tone> = { open: "ochre", sent: "pine", cancelled: "plain", over: "plain" };

/** Who of the staff has sent and who has not; reminded within what the carrier allows, or stopped. Nothing where no staff is asked. */
export function StaffTasksPanel({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { query, rows } = useCursorList<Task>(["messaging", "tasks", send.id], (cursor) =>
    must(
      api.GET("/api/v1/messaging/sends/{id}/staff-tasks", {
        params: { path: { id: send.id }, query: { cursor, limit: 100 } },
      }),
    ),
  );
  if (query.isSuccess && rows.length === 0) return null;
  const open = rows.filter((one) => one.state === "open").length;
  return (
    <Panel
      title={t("messaging.tasks")}
      hint={t("messaging.tasks_hint")}
      flush
      extra={open > 0 && <Chip tone="ochre">{t("messaging.tasks_open", { n: f.count(open) })}</Chip>}
    >
      <QueryView query={query}>
        {() => (
          <>
            <DataTable
              caption={t("messaging.tasks")}
              cards
              rows={rows}
              rowKey={(row) => row.dispatch_id}
              columns={[
                { key: "staff", title: t("messaging.staff"), render: (row) => row.staff },
                {
                  key: "state",
                  title: t("messaging.status"),
                  render: (row) => <Chip tone={TONES[row.state]}>{t(`messaging.task_${row.state}`)}</Chip>,
                },
                {
                  key: "people",
                  title: t("messaging.people"),
                  align: "right",
                  render: (row) => f.count(row.people_count),
                },
                {
                  key: "received",
                  title: t("messaging.message_received"),
                  align: "right",
                  render: (row) => f.count(row.received_count),
                },
                {
                  key: "made",
                  title: t("messaging.task_made"),
                  render: (row) => <span className="muted">{f.time(row.made_at)}</span>,
                },
                {
                  key: "sent",
                  title: t("messaging.task_sent_at"),
                  render: (row) => <span className="muted">{row.sent_at ? f.time(row.sent_at) : ""}</span>,
                },
                {
                  key: "reminded",
                  title: t("messaging.reminded"),
                  align: "right",
                  render: (row) => f.count(row.reminded_count),
                },
                ...(may("messaging.write")
                  ? [
                      {
                        key: "act",
                        title: <span className="visually-hidden">{t("messaging.decide")}</span>,
                        render: (row: Task) => <Acts task={row} />,
                      },
                    ]
                  : []),
              ]}
            />
            <MoreButton query={query} />
          </>
        )}
      </QueryView>
    </Panel>
  );
}

function Acts({ task }: { task: Task }) {
  const { t } = useTranslation();
  const fail = useFail();
  const { message } = App.useApp();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (what: "remind" | "take_back") => {
      const to = { params: { path: { id: task.dispatch_id } } };
      return what === "remind"
        ? must(api.POST("/api/v1/messaging/dispatches/{id}/remind", to))
        : must(api.POST("/api/v1/messaging/dispatches/{id}/take-back", to));
    },
    onSuccess: (_, what) => {
      void message.success(t(`messaging.did_${what}`));
      void client.invalidateQueries({ queryKey: ["messaging"] });
    },
    onError: fail,
  });
  if (task.state !== "open") return null;
  return (
    <span className="row">
      <Button
        size="small"
        disabled={!task.can_remind}
        loading={act.isPending && act.variables === "remind"}
        title={task.can_remind ? undefined : t("messaging.cannot_remind")}
        aria-label={t("messaging.remind_of", { staff: task.staff })}
        onClick={() => act.mutate("remind")}
      >
        {t("messaging.remind")}
      </Button>
      <Popconfirm
        title={t("messaging.take_back_title", { staff: task.staff })}
        description={t("messaging.take_back_hint")}
        okText={t("messaging.take_back")}
        cancelText={t("ui.cancel")}
        onConfirm={() => act.mutate("take_back")}
      >
        <Button size="small" danger aria-label={t("messaging.take_back_of", { staff: task.staff })}>
          {t("messaging.take_back")}
        </Button>
      </Popconfirm>
    </span>
  );
}
