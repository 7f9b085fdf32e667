import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { useBucketPeople } from "./queries";
import type { Bucket } from "./shapes";

export type Behind = { bucket: Bucket; sourceId?: number };
type Props = { behind: Behind; from: string; to: string; onClose: () => void };

/** Who stands behind a part of the money: each person, what of it fell on them, and why it lies there. */
export function BucketPeople({ behind, from, to, onClose }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Drawer open title={t(`returns.b_${behind.bucket}`)} onClose={onClose} size="large">
      <p className="muted panel-note">{t(`returns.b_${behind.bucket}_why`)}</p>
      {may("customers.read") ? (
        <People behind={behind} from={from} to={to} />
      ) : (
        <Empty title={t("returns.no_names")} hint={t("returns.no_names_hint")} />
      )}
    </Drawer>
  );
}

function People({ behind, from, to }: Omit<Props, "onClose">) {
  const { t } = useTranslation();
  const f = useFormat();
  const { query, rows } = useBucketPeople(behind.bucket, behind.sourceId, from, to);
  if (query.error) return <ProblemView error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <Loading lines={8} />;
  if (rows.length === 0)
    return <Empty title={t("returns.nobody")} hint={t(`returns.nobody_${behind.bucket}`, t("returns.nobody_hint"))} />;
  return (
    <>
      <DataTable
        caption={t(`returns.b_${behind.bucket}`)}
        cards
        rows={rows}
        rowKey={(row) => `${row.customer_id} ${row.source_id} ${row.detail}`}
        columns={[
          {
            key: "who",
            title: t("returns.person"),
            render: (row) => (
              <>
                <Link to={`/customers/${row.customer_id}`}>
                  {row.name || t("customers.nameless", { id: row.customer_id })}
                </Link>{" "}
                <span className="muted small num">{row.phone_masked}</span>
              </>
            ),
          },
          { key: "source", title: t("returns.source"), render: (row) => row.source_name },
          { key: "added", title: t("returns.added_on"), render: (row) => row.added_on },
          {
            key: "detail",
            title: t("returns.why"),
            wrap: true,
            render: (row) => row.detail && t(`returns.d_${row.detail}`, { defaultValue: row.detail }),
          },
          { key: "share", title: t("returns.share"), align: "right", render: (row) => f.money(row.share_fen) },
          { key: "margin", title: t("returns.margin"), align: "right", render: (row) => f.money(row.margin_fen) },
        ]}
      />
      <MoreButton query={query} />
    </>
  );
}
