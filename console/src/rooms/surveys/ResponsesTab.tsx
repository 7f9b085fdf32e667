import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type Survey, useResponses } from "./queries";

/** Each response with its answers, the newest first. */
export function ResponsesTab({ survey }: { survey: Survey }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { query, rows } = useResponses(survey.id);
  const extra = may("customers.export") && survey.responses > 0 && (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: (["xlsx", "csv"] as const).map((key) => ({ key, label: key.toUpperCase() })),
        onClick: ({ key }) => void save(`/api/v1/surveys/${survey.id}/export?format=${key}`).catch(fail),
      }}
    >
      <Button>{t("surveys.export")}</Button>
    </Dropdown>
  );
  const said = (value: unknown) => (Array.isArray(value) ? value.join("、") : value == null ? null : String(value));
  return (
    <Panel title={t("surveys.tab_responses")} extra={extra} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("surveys.no_responses")} hint={t("surveys.no_responses_hint", { name: survey.name })} />
          ) : (
            <>
              <DataTable
                caption={t("surveys.tab_responses")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "customer",
                    title: t("surveys.customer"),
                    render: (row) => (
                      <Link to={`/customers/${row.customer_id}`}>
                        {row.customer?.name || t("customers.nameless", { id: row.customer_id })}
                      </Link>
                    ),
                  },
                  { key: "at", title: t("surveys.at"), render: (row) => f.time(row.at) },
                  ...survey.form.questions
                    .filter((one) => one.key)
                    .map((one) => ({
                      key: one.key ?? "",
                      title: one.title.zh && f.language === "en" && one.title.en ? one.title.en : (one.title.zh ?? ""),
                      wrap: true,
                      render: (row: (typeof rows)[number]) => said(row.answers[one.key ?? ""]),
                    })),
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}
