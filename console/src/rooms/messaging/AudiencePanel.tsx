import { Drawer } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { type FunnelStep, ReasonFunnel } from "@/ui/ReasonFunnel";
import { type Format, useFormat } from "@/ui/useFormat";
import { ExportPeople } from "./ExportPeople";
import { type Behind, type Funnel, type Send, useFunnel, usePeople } from "./queries";

/** Who is told and who is not, and why: everybody is in one row, and each number opens its people. */
export function AudiencePanel({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const query = useFunnel(send);
  const [behind, setBehind] = useState<(Behind & { title: string }) | null>(null);
  const sees = may("customers.read");
  return (
    <Panel
      title={t("messaging.who_is_out")}
      hint={t("messaging.who_is_out_hint")}
      extra={may("customers.export") && <ExportPeople send={send.id} of={{}} />}
    >
      <QueryView query={query} lines={8}>
        {(funnel) => {
          const steps = stepsOf(funnel, f, t);
          if (steps[0]?.count === 0)
            return <Empty title={t("messaging.no_people")} hint={t("messaging.no_people_hint")} />;
          const open = (key: string) => {
            const step = steps.find((one) => one.key === key);
            if (step) setBehind({ ...step.behind, title: step.name });
          };
          return (
            <ReasonFunnel
              label={t("messaging.who_is_out")}
              whole={steps[0]?.count ?? 0}
              steps={steps.map(({ name, behind: _, ...step }) => ({ ...step, label: name }))}
              onOpen={sees ? open : undefined}
            />
          );
        }}
      </QueryView>
      {behind && <People send={send.id} behind={behind} close={() => setBehind(null)} />}
    </Panel>
  );
}

type Step = Omit<FunnelStep, "label"> & { name: string; behind: Behind };

/** Reasons that lie with the person or the ways to them: whoever has one was never eligible. */
const FIXED = [
  "restricted",
  "minor",
  "unreachable",
  "no_consent",
  "lost",
  "suppressed",
  "account_unhealthy",
  "window_closed",
];
const HELD_OUT = ["holdout", "global_holdout"];

/** Where somebody leaves: before the step of this name. */
const leavesBefore = (reason: string): string => {
  if (reason === "excluded") return "audience";
  if (FIXED.includes(reason)) return "eligible";
  return HELD_OUT.includes(reason) ? "told" : "unrestrained";
};

/** From those chosen to those told, with every reason where it takes people out. */
function stepsOf(funnel: Funnel, f: Format, t: TFunction): Step[] {
  const line = (one: Funnel["out"][number], out: boolean, behind: Behind): Step => ({
    key: `${out ? "out" : "in"} ${one.key}`,
    name: f.label(one.name),
    count: one.count,
    out,
    note: out && one.count > 0 && one.way_out ? f.label(one.way_out) : undefined,
    behind,
  });
  const out = funnel.out.filter((one) => one.count > 0).toSorted((a, b) => b.count - a.count);
  const steps = funnel.steps.flatMap((step) => [
    ...out
      .filter((one) => leavesBefore(one.key) === step.key)
      .map((one) => line(one, true, { verdict: "refuse", reason: one.key })),
    line(step, false, step.key === "told" ? { verdict: "told" } : {}),
  ]);
  const waits = funnel.waits
    .filter((one) => one.count > 0)
    .map((one) => ({
      ...line(one, false, { verdict: "wait", reason: one.key }),
      key: `wait ${one.key}`,
      name: t("messaging.waits_for", { reason: f.label(one.name) }),
    }));
  return [...steps, ...waits];
}

function People({ send, behind, close }: { send: number; behind: Behind & { title: string }; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { title, ...filter } = behind;
  const { query, rows } = usePeople(send, filter);
  return (
    <Drawer
      open
      onClose={close}
      size={720}
      title={title}
      extra={may("customers.export") && <ExportPeople send={send} of={filter} />}
    >
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("messaging.no_people")} />
          ) : (
            <>
              <DataTable
                caption={title}
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
                    key: "verdict",
                    title: t("messaging.verdict"),
                    render: (row) => (
                      <>
                        <Chip tone={row.verdict === "refuse" ? "ochre" : row.verdict === "wait" ? "indigo" : "pine"}>
                          {t(`messaging.verdict_${row.verdict}`)}
                        </Chip>{" "}
                        <span className="small">{f.label(row.reason_name)}</span>
                      </>
                    ),
                  },
                  {
                    key: "carrier",
                    title: t("messaging.carrier"),
                    render: (row) =>
                      row.carrier ? t(`content.carrier_${row.carrier}`, { defaultValue: row.carrier }) : "",
                  },
                  {
                    key: "status",
                    title: t("messaging.status"),
                    render: (row) => (row.status ? t(`messaging.message_${row.status}`) : ""),
                  },
                  {
                    key: "at",
                    title: t("messaging.at"),
                    render: (row) => <span className="muted">{f.time(new Date(row.at_ms).toISOString())}</span>,
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
