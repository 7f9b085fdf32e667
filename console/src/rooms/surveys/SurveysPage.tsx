import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type Status, useSurveyAct, useSurveys } from "./queries";
import { STATUS_TONE } from "./words";

export function SurveysPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const status = (params.get("status") as Status | null) ?? undefined;
  const { query, rows } = useSurveys(status);
  const [open, setOpen] = useState(false);
  const add = may("surveys.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t("surveys.new")}
    </Button>
  );
  const filter = (
    <Select
      allowClear
      aria-label={t("surveys.status")}
      placeholder={t("surveys.status")}
      value={status}
      onChange={(value) => change({ status: value ?? null }, true)}
      options={Object.keys(STATUS_TONE).map((value) => ({ value, label: t(`surveys.status_${value}`) }))}
      style={{ minWidth: 104 }}
    />
  );
  return (
    <Page title={t("shell.page_surveys")} sub={t("surveys.sub")} actions={add}>
      <Panel title={t("shell.page_surveys")} extra={filter} flush>
        <QueryView query={query} lines={6}>
          {() =>
            rows.length === 0 ? (
              status ? (
                <Empty title={t("surveys.none_found")} />
              ) : (
                <Empty title={t("surveys.none")} hint={t("surveys.none_hint")} action={add} />
              )
            ) : (
              <>
                <DataTable
                  caption={t("shell.page_surveys")}
                  cards
                  rows={rows}
                  rowKey={(row) => row.id}
                  columns={[
                    {
                      key: "name",
                      title: t("surveys.name"),
                      wrap: true,
                      render: (row) => <Link to={`/surveys/${row.id}`}>{row.name}</Link>,
                    },
                    {
                      key: "status",
                      title: t("surveys.status"),
                      render: (row) => <Chip tone={STATUS_TONE[row.status]}>{t(`surveys.status_${row.status}`)}</Chip>,
                    },
                    {
                      key: "questions",
                      title: t("surveys.questions"),
                      align: "right",
                      render: (row) => f.count(row.question_count),
                    },
                    {
                      key: "responses",
                      title: t("surveys.responses"),
                      align: "right",
                      render: (row) =>
                        row.responses ? (
                          <Link to={`/surveys/${row.id}?tab=results`}>{f.count(row.responses)}</Link>
                        ) : (
                          f.count(0)
                        ),
                    },
                    { key: "at", title: t("surveys.updated"), render: (row) => f.time(row.updated_at) },
                    { key: "by", title: t("surveys.by"), render: (row) => row.updated_by },
                  ]}
                />
                <MoreButton query={query} />
              </>
            )
          }
        </QueryView>
      </Panel>
      {open && <NewSurvey onClose={() => setOpen(false)} />}
    </Page>
  );
}

function NewSurvey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const add = useSurveyAct(async () => {
    const form = {
      title: { zh: name.trim(), en: "" },
      intro: { zh: "", en: "" },
      thanks: { zh: "", en: "" },
      questions: [],
    };
    const made = await must(api.POST("/api/v1/surveys", { body: { name: name.trim(), form, repeats: false } }));
    navigate(`/surveys/${made.id}`);
  });
  return (
    <Modal
      open
      title={t("surveys.new")}
      onCancel={onClose}
      onOk={() => add.mutate(undefined)}
      okText={t("surveys.write")}
      okButtonProps={{ disabled: !name.trim(), loading: add.isPending }}
    >
      <div className="form">
        <Field label={t("surveys.name")} help={t("surveys.name_help")}>
          <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} autoFocus />
        </Field>
      </div>
    </Modal>
  );
}
