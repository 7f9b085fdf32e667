import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type RelationsWanted, useRelationReport } from "./queries";

type Props = {
  by: "staff" | "state";
  wanted: RelationsWanted;
  className: string;
};
const MOST = 12;

/** The same counts by who holds the relation, or by the live code it came from; the fullest first. */
export function RelationsByPanel({ by, wanted, className }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const report = useRelationReport(by, wanted);
  const query = new URLSearchParams({ by, format: "csv" });
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  return (
    <Panel
      title={t(`carriers.by_${by}`)}
      hint={t(`carriers.by_${by}_hint`)}
      className={className}
      extra={<CsvButton href={`/api/v1/carriers/relations/report?${query}`} />}
      flush
    >
      <QueryView query={report} lines={6}>
        {(data) => {
          const rows = data.items.toSorted((a, b) => b.open_count - a.open_count || b.began_count - a.began_count);
          const most = Math.max(1, ...rows.map((row) => row.open_count));
          return rows.length === 0 ? (
            <Empty title={t("carriers.relations_none")} />
          ) : (
            <DataTable
              caption={t(`carriers.by_${by}`)}
              cards
              rows={rows.slice(0, MOST)}
              rowKey={(row) => `${row.account_id} ${row.staff} ${row.state}`}
              columns={[
                {
                  key: "name",
                  title: t(by === "staff" ? "carriers.staff" : "carriers.way"),
                  render: (row) =>
                    by === "staff"
                      ? row.staff_name || row.staff || t("carriers.account_itself")
                      : row.contact_way_name || row.state || t("carriers.no_state"),
                },
                {
                  key: "open",
                  title: t("carriers.still_open"),
                  align: "right",
                  render: (row) => f.count(row.open_count),
                },
                {
                  key: "bar",
                  title: <span className="visually-hidden">{t("carriers.share")}</span>,
                  render: (row) => <Bar value={row.open_count / most} />,
                },
                { key: "began", title: t("carriers.began"), align: "right", render: (row) => f.count(row.began_count) },
                {
                  key: "lost",
                  title: t("carriers.lost"),
                  align: "right",
                  render: (row) =>
                    f.count(
                      row.ended_by_customer_count + row.ended_by_staff_count + row.transferred_count + row.gone_count,
                    ),
                },
                {
                  key: "people",
                  title: t("carriers.people_of_relations"),
                  align: "right",
                  render: (row) => f.count(row.person_count),
                },
              ]}
            />
          );
        }}
      </QueryView>
    </Panel>
  );
}
