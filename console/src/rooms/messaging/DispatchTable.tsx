import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Chip } from "@/ui/Chip";
import { type Column, DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import type { Dispatch } from "./queries";
import { DISPATCH_TONE } from "./words";

type Props = { caption: string; rows: Dispatch[]; withSend?: boolean; act?: Column<Dispatch> };

/** Chunks: by whom, how many people, how they stand, and when they are tried again. */
export function DispatchTable({ caption, rows, withSend, act }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const columns: Column<Dispatch>[] = [
    {
      key: "account",
      title: t("messaging.by_account"),
      wrap: true,
      render: (row) => (
        <>
          {row.account_id ? (
            <Link to={`/accounts/${row.account_id}`}>{row.account_name || `#${row.account_id}`}</Link>
          ) : (
            t("messaging.elsewhere")
          )}
          <p className="muted small">
            {t(`content.carrier_${row.carrier}`, { defaultValue: row.carrier })} ·{" "}
            {row.staff || t("messaging.own_account")}
          </p>
        </>
      ),
    },
    ...(withSend
      ? [
          {
            key: "send",
            title: t("messaging.send"),
            wrap: true,
            render: (row: Dispatch) => <Link to={`/sends/${row.send_id}`}>{row.send_name}</Link>,
          },
        ]
      : []),
    {
      key: "status",
      title: t("messaging.status"),
      render: (row) => (
        <>
          <Chip tone={DISPATCH_TONE[row.status]}>{t(`messaging.dispatch_${row.status}`)}</Chip>{" "}
          {row.status_code && <code className="small muted">{row.status_code}</code>}
        </>
      ),
    },
    { key: "people", title: t("messaging.people"), align: "right", render: (row) => f.count(row.people_count) },
    { key: "attempts", title: t("messaging.attempts"), align: "right", render: (row) => f.count(row.attempt_count) },
    {
      key: "attempted",
      title: t("messaging.since"),
      render: (row) => row.attempted_at && <span className="muted">{f.time(row.attempted_at)}</span>,
    },
    {
      key: "next",
      title: t("messaging.next_at"),
      render: (row) => <span className="muted">{row.settled_at ? "" : f.time(row.next_at)}</span>,
    },
    ...(act ? [act] : []),
  ];
  return <DataTable caption={caption} cards rows={rows} rowKey={(row) => row.id} columns={columns} />;
}
