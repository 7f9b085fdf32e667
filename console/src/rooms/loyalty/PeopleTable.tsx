import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Row } from "@/api/answer";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";

type Props = { rows: Row<"/api/v1/loyalty/points/balances">[]; caption: string; heading: string };

/** People with a number of points each. */
export function PeopleTable({ rows, caption, heading }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={caption}
      cards
      rows={rows}
      rowKey={(row) => row.customer_id}
      columns={[
        {
          key: "customer",
          title: t("loyalty.customer"),
          render: (row) => (
            <Link to={`/customers/${row.customer_id}`}>
              {row.customer?.name || t("customers.nameless", { id: row.customer_id })}
            </Link>
          ),
        },
        { key: "city", title: t("loyalty.city"), render: (row) => row.customer?.city },
        { key: "phone", title: t("loyalty.phone"), render: (row) => row.customer?.phone_masked },
        {
          key: "points",
          title: heading,
          align: "right",
          render: (row) => <span className={row.points < 0 ? "loss num" : "num"}>{f.count(row.points)}</span>,
        },
      ]}
    />
  );
}
