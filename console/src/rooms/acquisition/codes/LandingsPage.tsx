import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useLandings } from "./queries";
import { PAGE_TONE } from "./words";

/** Landing pages: what adverts and printed links lead to. */
export function LandingsPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const query = useLandings();
  const add = may("acquisition.write") && (
    <Link to="/landing/new">
      <Button type="primary" icon={<PlusOutlined />}>
        {t("codes.new_page")}
      </Button>
    </Link>
  );
  return (
    <Page title={t("shell.page_landing")} sub={t("codes.pages_sub")} actions={add}>
      <Panel title={t("shell.page_landing")} flush>
        <QueryView query={query} lines={6}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title={t("codes.no_pages")} hint={t("codes.no_pages_hint")} action={add} />
            ) : (
              <DataTable
                caption={t("shell.page_landing")}
                cards
                rows={data.items}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "name",
                    title: t("codes.name"),
                    wrap: true,
                    render: (row) => <Link to={`/landing/${row.id}`}>{row.name}</Link>,
                  },
                  {
                    key: "status",
                    title: t("codes.status"),
                    render: (row) => <Chip tone={PAGE_TONE[row.status]}>{t(`codes.page_${row.status}`)}</Chip>,
                  },
                  { key: "source", title: t("codes.source"), wrap: true, render: (row) => row.source_name },
                  { key: "act", title: t("codes.act"), render: (row) => t(`codes.act_${row.look.act}`) },
                  { key: "visits", title: t("codes.visits"), align: "right", render: (row) => f.count(row.visits) },
                  { key: "presses", title: t("codes.presses"), align: "right", render: (row) => f.count(row.presses) },
                  {
                    key: "programs",
                    title: t("codes.programs"),
                    align: "right",
                    render: (row) => f.count(row.programs),
                  },
                  {
                    key: "updated",
                    title: t("codes.updated"),
                    render: (row) => `${row.updated_by} · ${f.date(row.updated_at)}`,
                  },
                ]}
              />
            )
          }
        </QueryView>
      </Panel>
    </Page>
  );
}
