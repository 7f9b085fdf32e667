import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { ReachedPerson, ReportStage } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { ProblemView } from "@/ui/ProblemView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useReasonWords } from "./reasons";

export type Behind = { title: string; stage: ReportStage; reason?: string; variant?: string; carrier?: string };

/** The people behind a number: what was decided about each, and what each did. */
export function PeopleDrawer({ id, behind, onClose }: { id: number; behind: Behind; onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { title, ...query } = behind;
  const list = useCursorList(["campaigns", "people", id, query], (cursor) =>
    must(
      api.GET("/api/v1/campaigns/{campaign_id}/people", {
        params: { path: { campaign_id: id }, query: { ...query, cursor, limit: 50 } },
      }),
    ),
  );
  return (
    <Drawer
      open
      title={title}
      onClose={onClose}
      size="large"
      extra={
        may("customers.export") && (
          <Button size="small" onClick={() => void save(fileOf(id, query)).catch(fail)}>
            {t("campaigns.people_export")}
          </Button>
        )
      }
    >
      {list.query.error ? (
        <ProblemView error={list.query.error} retry={() => void list.query.refetch()} />
      ) : list.query.data === undefined ? (
        <Loading lines={8} />
      ) : list.rows.length === 0 ? (
        <Empty title={t("campaigns.people_behind_none")} hint={t("campaigns.people_behind_none_hint")} />
      ) : (
        <>
          <People rows={list.rows} />
          <MoreButton query={list.query} />
        </>
      )}
    </Drawer>
  );
}

/** Those who are shown, not everybody. */
function fileOf(id: number, query: Omit<Behind, "title">) {
  const wanted = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `/api/v1/campaigns/${id}/people/export?${wanted}`;
}

function People({ rows }: { rows: ReachedPerson[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const reasons = useReasonWords();
  const did = (row: ReachedPerson) => (["sent", "read", "clicked"] as const).filter((one) => row[one]);
  return (
    <DataTable
      caption={t("campaigns.people")}
      cards
      rows={rows}
      rowKey={(row) => row.customer.id}
      columns={[
        {
          key: "name",
          title: t("messaging.customer"),
          render: (row) => (
            <Link to={`/customers/${row.customer.id}`}>{row.customer.name || `#${row.customer.id}`}</Link>
          ),
        },
        {
          key: "arm",
          title: t("campaigns.verdict"),
          render: (row) => (
            <Chip tone={row.arm === "treated" ? "pine" : row.arm === "control" ? "indigo" : "ochre"}>
              {t(`campaigns.arm_${row.arm}`)}
            </Chip>
          ),
        },
        {
          key: "reason",
          title: t("campaigns.reason"),
          render: (row) => (row.reason ? reasons.name(row.reason) : (row.variant?.toUpperCase() ?? "")),
        },
        {
          key: "carrier",
          title: t("campaigns.carrier"),
          render: (row) => (row.carrier ? t(`campaigns.carrier_${row.carrier}`, { defaultValue: row.carrier }) : ""),
        },
        { key: "at", title: t("campaigns.when"), render: (row) => f.time(row.at) },
        {
          key: "did",
          title: t("campaigns.did"),
          render: (row) =>
            did(row)
              .map((one) => t(`campaigns.did_${one}`))
              .join(" · "),
        },
        {
          key: "spend",
          title: t("campaigns.spend"),
          align: "right",
          render: (row) => (row.spend_fen ? f.money(row.spend_fen) : ""),
        },
      ]}
    />
  );
}
