import { DownloadOutlined, PlusOutlined, UploadOutlined } from "@ant-design/icons";
import { App, Button, Checkbox, Popconfirm, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PlannedEvent } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { download } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { PlanEditor } from "./PlanEditor";
import { usePlan, usePlanActs } from "./queries";

const FILE_LIMIT = 900_000;

/** The events that the brand agreed on; each is edited as one thing. */
export function PlanTab() {
  const { t } = useTranslation();
  const may = useMay();
  const query = usePlan();
  const [edited, edit] = useState<PlannedEvent | null>(null);
  return (
    <QueryView query={query} lines={8}>
      {(plan) => (
        <Panel
          title={t("events.tab_plan")}
          hint={t("events.plan_hint")}
          flush
          extra={
            <>
              <Button icon={<DownloadOutlined />} onClick={() => download("/api/v1/events/plan/export?format=csv")}>
                CSV
              </Button>
              <Button icon={<DownloadOutlined />} onClick={() => download("/api/v1/events/plan/export?format=json")}>
                JSON
              </Button>
              {may("events.write") && (
                <>
                  <Bring />
                  <Button
                    type="primary"
                    icon={<PlusOutlined />}
                    onClick={() => edit({ name: "", description: "", properties: [] })}
                  >
                    {t("events.plan_event")}
                  </Button>
                </>
              )}
            </>
          }
        >
          {plan.events.length === 0 ? (
            <Empty title={t("events.plan_none")} hint={t("events.plan_none_hint")} />
          ) : (
            <Rows events={plan.events} edit={edit} />
          )}
          {edited && <PlanEditor event={edited} isNew={!edited.name} close={() => edit(null)} />}
        </Panel>
      )}
    </QueryView>
  );
}

function Rows({ events, edit }: { events: PlannedEvent[]; edit: (event: PlannedEvent) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { remove } = usePlanActs();
  return (
    <DataTable
      caption={t("events.tab_plan")}
      cards
      rows={events}
      rowKey={(row) => row.name}
      columns={[
        {
          key: "name",
          title: t("events.event"),
          render: (row) => (
            <button type="button" className="plain linked" onClick={() => edit(row)}>
              {row.name}
            </button>
          ),
        },
        {
          key: "description",
          title: t("events.description"),
          wrap: true,
          render: (row) =>
            row.description || (row.name === "*" || row.name === "$profile" ? t(`events.plan_${row.name}`) : ""),
        },
        {
          key: "properties",
          title: t("events.property_count"),
          align: "right",
          render: (row) => f.count(row.properties.length),
        },
        {
          key: "marks",
          title: t("events.marks"),
          render: (row) => {
            const required = row.properties.filter((property) => property.required).length;
            const personal = row.properties.filter((property) => property.personal).length;
            return (
              <span className="row">
                {required > 0 && <Chip tone="indigo">{t("events.required_n", { n: required })}</Chip>}
                {personal > 0 && <Chip tone="cinnabar">{t("events.personal_n", { n: personal })}</Chip>}
              </span>
            );
          },
        },
        ...(may("events.write")
          ? [
              {
                key: "act",
                title: <span className="visually-hidden">{t("ui.delete")}</span>,
                render: (row: PlannedEvent) => (
                  <Popconfirm
                    title={t("events.plan_remove", { name: row.name })}
                    okText={t("ui.delete")}
                    cancelText={t("ui.cancel")}
                    onConfirm={() => remove.mutate(row.name, { onError: fail })}
                  >
                    <Button size="small" danger aria-label={`${t("ui.delete")} ${row.name}`}>
                      {t("ui.delete")}
                    </Button>
                  </Popconfirm>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

function Bring() {
  const { t } = useTranslation();
  const fail = useFail();
  const { modal, message } = App.useApp();
  const { bring } = usePlanActs();
  const take = (file: File) => {
    let replace = false;
    modal.confirm({
      title: t("events.bring", { name: file.name }),
      content: (
        <Checkbox
          onChange={(e) => {
            replace = e.target.checked;
          }}
        >
          {t("events.bring_replace")}
        </Checkbox>
      ),
      okText: t("events.bring_ok"),
      cancelText: t("ui.cancel"),
      onOk: async () => {
        if (file.size > FILE_LIMIT) return void message.error(t("events.bring_large"));
        const format = file.name.toLowerCase().endsWith(".csv") ? "csv" : "json";
        await bring
          .mutateAsync({ format, text: await file.text(), replace })
          .then(() => message.success(t("ui.saved")), fail);
      },
    });
    return false;
  };
  return (
    <Upload accept=".csv,.json" showUploadList={false} beforeUpload={take}>
      <Button icon={<UploadOutlined />}>{t("events.bring_ok")}</Button>
    </Upload>
  );
}
