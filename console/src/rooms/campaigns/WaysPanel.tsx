import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Campaign } from "@/api/types";
import { useAccounts } from "@/rooms/carriers/queries";
import { Bar } from "@/ui/Bar";
import { DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import { decidedOf, sendsOf } from "./decided";

/** Which carriers and accounts carry it. */
export function WaysPanel({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const accounts = useAccounts();
  const decided = decidedOf(campaign);
  const all = Math.max(1, decided.allow + decided.wait);
  const rows = [
    ...Object.entries(decided.carriers).map(([name, count]) => ({
      key: name,
      name: t(`campaigns.carrier_${name}`, { defaultValue: name }),
      kind: t("campaigns.carrier"),
      count,
    })),
    ...Object.entries(decided.accounts).map(([id, count]) => ({
      key: `account ${id}`,
      name: accounts.data?.items.find((one) => one.id === Number(id))?.name ?? t("campaigns.account_elsewhere"),
      kind: t("campaigns.account"),
      count,
    })),
  ];
  if (rows.length === 0) return null;
  const [first] = sendsOf(campaign);
  return (
    <Panel
      title={t("campaigns.by_way")}
      hint={t("campaigns.by_way_hint")}
      extra={first && <Link to={`/sends/${first}`}>{t("campaigns.ways_more")}</Link>}
      flush
    >
      <DataTable
        caption={t("campaigns.by_way")}
        rows={rows}
        rowKey={(row) => row.key}
        columns={[
          { key: "name", title: t("campaigns.way"), render: (row) => row.name },
          { key: "kind", title: t("campaigns.way_kind"), render: (row) => <span className="muted">{row.kind}</span> },
          { key: "count", title: t("campaigns.people"), align: "right", render: (row) => f.count(row.count) },
          { key: "share", title: t("ui.share"), render: (row) => <Bar value={row.count / all} /> },
        ]}
      />
    </Panel>
  );
}
