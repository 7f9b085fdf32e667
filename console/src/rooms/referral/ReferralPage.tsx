import { PlusOutlined, SafetyOutlined } from "@ant-design/icons";
import { Button, Segmented, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { CaseDrawer } from "./CaseDrawer";
import { GuardDrawer } from "./GuardDrawer";
import { ProgrammeModal } from "./ProgrammeModal";
import { type CaseStatus, type ProgrammeRow, STATUS_TONE, useBringers, useCases, useProgrammes } from "./queries";

export function ReferralPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [params, change] = useQueryState();
  const [open, setOpen] = useState(false);
  const add = may("referral.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t("referral.new")}
    </Button>
  );
  return (
    <Page title={t("shell.page_referral")} sub={t("referral.sub")} actions={add}>
      <Tabs
        activeKey={params.get("tab") ?? "programmes"}
        onChange={(tab) => change({ tab: tab === "programmes" ? null : tab, status: null }, true)}
        items={[
          { key: "programmes", label: t("referral.programmes"), children: <Programmes add={add} /> },
          { key: "queue", label: t("referral.queue"), children: <Queue /> },
          { key: "bringers", label: t("referral.bringers"), children: <Bringers /> },
        ]}
      />
      {open && (
        <ProgrammeModal programme={null} onClose={() => setOpen(false)} saved={(id) => navigate(`/referral/${id}`)} />
      )}
    </Page>
  );
}

function Programmes({ add }: { add: React.ReactNode }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { query, rows } = useProgrammes();
  const real = (row: ProgrammeRow) => (row.friends.real ?? 0) + (row.friends.final ?? 0);
  return (
    <Panel flush>
      <QueryView query={query} lines={6}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("referral.none")} hint={t("referral.none_hint")} action={add} />
          ) : (
            <>
              <DataTable
                caption={t("referral.programmes")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "name",
                    title: t("referral.programme"),
                    wrap: true,
                    render: (row) => (
                      <>
                        <Link to={`/referral/${row.id}`}>{row.name}</Link>
                        <p className="muted small">{f.label(row.mode_name)}</p>
                      </>
                    ),
                  },
                  {
                    key: "status",
                    title: t("referral.status"),
                    render: (row) => <Chip tone={STATUS_TONE[row.status]}>{t(`referral.status_${row.status}`)}</Chip>,
                  },
                  {
                    key: "friends",
                    title: t("referral.friends"),
                    align: "right",
                    render: (row) => f.count(real(row) + (row.friends.waiting ?? 0)),
                  },
                  { key: "real", title: t("referral.real"), align: "right", render: (row) => f.count(real(row)) },
                  {
                    key: "committed",
                    title: t("referral.committed"),
                    align: "right",
                    render: (row) => (
                      <>
                        {f.money(row.committed_fen)}
                        <p className="muted small">
                          {row.budget_fen
                            ? t("referral.of_budget", { n: f.money(row.budget_fen) })
                            : t("referral.no_budget")}
                        </p>
                        {row.budget_fen > 0 && <Bar value={Math.min(1, row.committed_fen / row.budget_fen)} />}
                      </>
                    ),
                  },
                  { key: "updated", title: t("referral.updated"), render: (row) => f.time(row.updated_at) },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Queue() {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const status = (params.get("status") as CaseStatus | null) ?? "open";
  const { query, rows } = useCases(status);
  const [open, setOpen] = useState<number | null>(null);
  const [guarding, setGuarding] = useState(false);
  const filter = (
    <>
      <Button size="small" icon={<SafetyOutlined />} onClick={() => setGuarding(true)}>
        {t("referral.guard")}
      </Button>
      <Segmented
        aria-label={t("referral.status")}
        value={status}
        onChange={(value) => change({ status: value === "open" ? null : value }, true)}
        options={(["open", "approved", "rejected"] as const).map((value) => ({
          value,
          label: t(`referral.filter_${value}`),
        }))}
      />
    </>
  );
  return (
    <Panel title={t("referral.queue")} hint={t("referral.queue_hint")} extra={filter} flush>
      <QueryView query={query} lines={6}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("referral.queue_none")} hint={t("referral.queue_hint")} />
          ) : (
            <>
              <DataTable
                caption={t("referral.queue")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "score",
                    title: t("referral.score"),
                    render: (row) => (
                      <>
                        {f.rate(row.score, 0)}
                        <Bar value={row.score} />
                      </>
                    ),
                  },
                  { key: "people", title: t("referral.people"), align: "right", render: (row) => f.count(row.size) },
                  {
                    key: "reasons",
                    title: t("referral.reasons"),
                    wrap: true,
                    render: (row) =>
                      row.reasons
                        .filter((one) => one.weight > 0)
                        .slice(0, 3)
                        .map((one) => f.label(one.name))
                        .join(f.language === "en" ? "; " : ";"),
                  },
                  { key: "at", title: t("referral.since"), render: (row) => f.time(row.at) },
                  {
                    key: "open",
                    title: t("referral.act"),
                    align: "right",
                    render: (row) => (
                      <Button size="small" onClick={() => setOpen(row.id)}>
                        {t("referral.open_case")}
                      </Button>
                    ),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
      {guarding && <GuardDrawer onClose={() => setGuarding(false)} />}
      {open !== null && <CaseDrawer id={open} onClose={() => setOpen(null)} />}
    </Panel>
  );
}

function Bringers() {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useBringers();
  return (
    <Panel title={t("referral.bringers")} hint={t("referral.koc_hint")} flush>
      <QueryView query={query} lines={6}>
        {(found) =>
          found.items.length === 0 ? (
            <Empty title={t("referral.koc_none")} />
          ) : (
            <DataTable
              caption={t("referral.bringers")}
              cards
              rows={found.items}
              rowKey={(row) => row.customer_id}
              columns={[
                {
                  key: "customer",
                  title: t("referral.customer"),
                  render: (row) => (
                    <Link to={`/customers/${row.customer_id}`}>
                      {row.customer?.name ?? row.customer?.phone_masked ?? `#${row.customer_id}`}
                    </Link>
                  ),
                },
                { key: "friends", title: t("referral.friends"), align: "right", render: (row) => f.count(row.friends) },
                { key: "real", title: t("referral.real"), align: "right", render: (row) => f.count(row.real) },
                { key: "degree", title: t("referral.degree"), align: "right", render: (row) => f.count(row.degree, 1) },
                {
                  key: "direct",
                  title: t("referral.direct"),
                  align: "right",
                  render: (row) => f.money(row.direct_fen),
                },
                {
                  key: "downstream",
                  title: t("referral.downstream"),
                  align: "right",
                  render: (row) => f.money(row.downstream_fen),
                },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
