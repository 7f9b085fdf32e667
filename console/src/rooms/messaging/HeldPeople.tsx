import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { StageChip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type Arm, useHeld } from "./holdoutQueries";

type Props = { id: number; arm: Arm; close: () => void };

/** Who was drawn; the whole list as a file. */
export function HeldPeople({ id, arm, close }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { query, rows, total } = useHeld(id, arm);
  const file = `/api/v1/messaging/holdouts/${id}/people.csv?arm=${arm}`;
  return (
    <Drawer
      open
      onClose={close}
      size={680}
      title={t("messaging.hold_people_n", { arm: t(`messaging.hold_${arm}`), n: f.count(total) })}
      extra={
        may("customers.export") && (
          <Button size="small" onClick={() => void save(file).catch(fail)}>
            {t("messaging.export_people")}
          </Button>
        )
      }
    >
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("messaging.no_people")} />
          ) : (
            <>
              <DataTable
                caption={t(`messaging.hold_${arm}`)}
                cards
                rows={rows}
                rowKey={(row) => row.customer_id}
                columns={[
                  {
                    key: "customer",
                    title: t("messaging.customer"),
                    render: (row) => (
                      <Link to={`/customers/${row.customer_id}`}>
                        {row.customer?.name || t("content.nameless", { id: row.customer_id })}
                      </Link>
                    ),
                  },
                  {
                    key: "contact",
                    title: t("messaging.address"),
                    render: (row) => row.customer?.phone_masked ?? row.customer?.email_masked,
                  },
                  {
                    key: "stage",
                    title: t("segments.stage"),
                    render: (row) => row.customer && <StageChip stage={row.customer.stage} />,
                  },
                  {
                    key: "orders",
                    title: t("messaging.hold_orders"),
                    align: "right",
                    render: (row) => f.count(row.customer?.order_count),
                  },
                  {
                    key: "spend",
                    title: t("messaging.hold_spent"),
                    align: "right",
                    render: (row) => f.money(row.customer?.spend_fen),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Drawer>
  );
}
