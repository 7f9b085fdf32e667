import { Button, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure } from "@/ui/Figure";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type RightsRequest, useRequests } from "./queries";

const TONE: Record<string, Tone> = {
  received: "ochre",
  verified: "indigo",
  approved: "indigo",
  working: "indigo",
  done: "pine",
  refused: "plain",
  cancelled: "plain",
};

export function StateChip({ one }: { one: RightsRequest }) {
  const f = useFormat();
  return <Chip tone={TONE[one.state]}>{f.label(one.state_name)}</Chip>;
}

/** Until when: days that are left, in red when they are over. */
function Due({ one }: { one: RightsRequest }) {
  const { t } = useTranslation();
  if (one.ended_at) return <span className="muted">–</span>;
  const tone = one.days_left < 0 ? "cinnabar" : one.days_left <= 5 ? "ochre" : "plain";
  const text = one.days_left < 0 ? t("rights.overdue", { n: -one.days_left }) : t("rights.left", { n: one.days_left });
  return (
    <span className="row">
      {one.due_on} <Chip tone={tone}>{text}</Chip>
    </span>
  );
}

export function RequestsTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const state = params.get("state") ?? "open";
  const query = useRequests(state === "all" ? "" : state, undefined);
  const counts = query.data?.counts;
  return (
    <div className="stack">
      <div className="figures">
        <Figure label={t("rights.count_received")} value={f.count(counts?.received)} />
        <Figure
          label={t("rights.count_working")}
          value={counts ? f.count((counts.verified ?? 0) + (counts.approved ?? 0) + (counts.working ?? 0)) : "–"}
        />
        <Figure label={t("rights.count_overdue")} value={f.count(counts?.overdue)} />
        <Figure label={t("rights.count_done")} value={f.count(counts?.done)} />
      </div>
      <div>
        <Segmented
          aria-label={t("rights.which")}
          value={state}
          onChange={(value) => change({ state: value === "open" ? null : String(value) })}
          options={["open", "done", "refused", "all"].map((value) => ({ value, label: t(`rights.show_${value}`) }))}
        />
      </div>
      <div className="panel">
        <QueryView query={query} lines={6}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title={t("rights.none")} hint={t("rights.none_hint")} />
            ) : (
              <DataTable
                caption={t("rights.requests")}
                cards
                rows={data.items}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "number",
                    title: t("rights.number"),
                    render: (row) => (
                      <Button type="link" style={{ padding: 0 }} onClick={() => change({ request: row.id })}>
                        {row.number}
                      </Button>
                    ),
                  },
                  { key: "kind", title: t("rights.kind"), render: (row) => f.label(row.kind_name) },
                  {
                    key: "customer",
                    title: t("rights.customer"),
                    render: (row) => <Link to={`/customers/${row.customer_id}`}>#{row.customer_id}</Link>,
                  },
                  { key: "state", title: t("rights.state"), render: (row) => <StateChip one={row} /> },
                  { key: "due", title: t("rights.due"), render: (row) => <Due one={row} /> },
                  { key: "received", title: t("rights.received"), render: (row) => f.time(row.received_at) },
                  { key: "source", title: t("rights.source"), render: (row) => t(`rights.source_${row.source}`) },
                ]}
              />
            )
          }
        </QueryView>
      </div>
    </div>
  );
}
