import { Button, Modal, Select, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { OwnLinkModal } from "./OwnLinkModal";
import { ProgrammeModal } from "./ProgrammeModal";
import {
  type Friend,
  type FriendState,
  type Programme,
  type Results,
  STATE_TONE,
  STATUS_TONE,
  useFriends,
  useProgramme,
  useRemove,
  useResults,
  useStart,
  useStop,
} from "./queries";
import { TreePanel } from "./TreePanel";

export function ProgrammePage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useProgramme(id);
  const [params, change] = useQueryState();
  const title = (
    <span className="row">
      {query.data?.name ?? `#${id}`}
      {query.data && <Chip tone={STATUS_TONE[query.data.status]}>{t(`referral.status_${query.data.status}`)}</Chip>}
    </span>
  );
  return (
    <Page
      title={title}
      heading={query.data?.name}
      sub={<Link to="/referral">← {t("shell.page_referral")}</Link>}
      actions={query.data && <Actions programme={query.data} />}
    >
      <QueryView query={query} lines={10}>
        {(programme) => (
          <div className="stack">
            <NotReady programme={programme} />
            <Tabs
              activeKey={params.get("tab") ?? "results"}
              onChange={(tab) => change({ tab: tab === "results" ? null : tab }, true)}
              items={[
                { key: "results", label: t("referral.results"), children: <ResultsPanels programme={programme} /> },
                { key: "friends", label: t("referral.friends"), children: <Friends id={id} /> },
                { key: "tree", label: t("referral.tree"), children: <TreePanel id={id} /> },
              ]}
            />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function NotReady({ programme }: { programme: Programme }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (programme.status !== "draft" || programme.faults.length === 0) return null;
  return (
    <Panel title={t("referral.not_ready")}>
      <ul>
        {programme.faults.map((one) => (
          <li key={one.field + f.label(one.message)}>{f.label(one.message)}</li>
        ))}
      </ul>
    </Panel>
  );
}

function Actions({ programme }: { programme: Programme }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [modal, holder] = Modal.useModal();
  const [editing, setEditing] = useState(false);
  const [linking, setLinking] = useState(false);
  const start = useStart(programme.id);
  const stop = useStop(programme.id);
  const remove = useRemove(programme.id);
  if (!may("referral.write")) return null;
  const askStop = () => modal.confirm({ title: t("referral.stop_sure"), onOk: () => stop.mutateAsync(undefined) });
  return (
    <>
      {holder}
      {programme.status === "draft" && (
        <Button onClick={() => remove.mutate(undefined, { onSuccess: () => navigate("/referral") })}>
          {t("referral.remove")}
        </Button>
      )}
      {programme.status === "live" && <Button onClick={() => setLinking(true)}>{t("referral.own_link")}</Button>}
      <Button onClick={() => setEditing(true)}>{t("referral.edit")}</Button>
      {programme.status === "live" ? (
        <Button danger onClick={askStop}>
          {t("referral.stop")}
        </Button>
      ) : (
        <Button
          type="primary"
          loading={start.isPending}
          disabled={programme.faults.length > 0}
          onClick={() => start.mutate(undefined)}
        >
          {t("referral.start")}
        </Button>
      )}
      {linking && <OwnLinkModal id={programme.id} onClose={() => setLinking(false)} />}
      {editing && <ProgrammeModal programme={programme} onClose={() => setEditing(false)} />}
    </>
  );
}

function ResultsPanels({ programme }: { programme: Programme }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useResults(programme.id);
  return (
    <QueryView query={query} lines={8}>
      {(found) => (
        <div className="stack">
          <Panel title={t("referral.results")}>
            <Figures count={8}>
              <Figure label={t("referral.inviters")} value={f.count(found.inviters)} />
              <Figure label={t("referral.visits")} value={f.count(found.visits)} />
              <Figure label={t("referral.friends")} value={f.count(found.friends)} />
              <Figure label={t("referral.real")} value={f.count(found.real)} />
              <Figure label={t("referral.buyers")} value={f.count(found.buyers)} />
              <Figure label={t("referral.revenue")} value={f.money(found.revenue_fen)} />
              <Figure
                label={t("referral.given")}
                value={f.money(found.given_fen)}
                note={`${t("referral.promised")} ${f.money(found.promised_fen)} · ${t("referral.kept")} ${f.money(found.kept_fen)}`}
              />
              <Figure label={t("referral.per_real")} value={f.money(found.cost_per_real_fen)} />
            </Figures>
          </Panel>
          <Spread found={found} />
          <Others found={found} programme={programme} />
        </div>
      )}
    </QueryView>
  );
}

function Spread({ found }: { found: Results }) {
  const { t } = useTranslation();
  const f = useFormat();
  const one = found.growth;
  const between = (low: number | null, high: number | null, digits: number) =>
    low === null || high === null
      ? null
      : t("referral.interval", { low: f.count(low, digits), high: f.count(high, digits) });
  return (
    <Panel title={t("referral.spread")} hint={t("referral.k_hint")}>
      <Figures count={6}>
        <Figure
          label={t("referral.k")}
          value={f.count(one.k, 2)}
          note={between(one.low, one.high, 2) ?? t("referral.k_few")}
        />
        <Figure label={t("referral.per_customer")} value={f.count(one.per_customer, 2)} />
        <Figure label={t("referral.acceptance")} value={f.rate(one.acceptance)} />
        <Figure
          label={t("referral.cycle")}
          value={one.cycle_days === null ? "–" : t("referral.days", { n: f.count(one.cycle_days, 1) })}
        />
        <Figure
          label={t("referral.total")}
          value={one.total_per_customer === null ? "–" : f.count(one.total_per_customer, 2)}
          note={between(one.total_low, one.total_high, 2)}
        />
        <Figure
          label={t("referral.effective")}
          hint={t("referral.effective_hint")}
          value={f.money(found.cac_effective_fen)}
        />
      </Figures>
      {one.may_not_end && <p role="note">{t("referral.no_total")}</p>}
    </Panel>
  );
}

function Others({ found, programme }: { found: Results; programme: Programme }) {
  const { t } = useTranslation();
  const f = useFormat();
  const rows = [
    ...Object.entries(found.void).map(([key, count]) => ({ key, name: t(`referral.void_${key}`), count })),
    ...(["held", "refused", "lapsed", "lost"] as const)
      .filter((key) => found[key] > 0)
      .map((key) => ({ key, name: t(`referral.${key}`), count: found[key] })),
    ...found.rewards_refused.map((one) => ({
      key: `reward-${one.reason}`,
      name: `${t("referral.rewards_refused")}: ${f.label(one.name)}`,
      count: one.count,
    })),
    ...Object.entries(found.groups).map(([key, count]) => ({
      key: `group-${key}`,
      name: `${t("referral.groups")}: ${t(`referral.group_${key}`)}`,
      count,
    })),
  ];
  return (
    <>
      {rows.length > 0 && (
        <Panel title={t("referral.void")} flush>
          <DataTable
            caption={t("referral.void")}
            rows={rows}
            rowKey={(row) => row.key}
            columns={[
              { key: "name", title: t("referral.reasons"), render: (row) => row.name },
              { key: "count", title: t("referral.people"), align: "right", render: (row) => f.count(row.count) },
            ]}
          />
        </Panel>
      )}
      <Panel title={t("referral.rules")}>
        <p>{f.label(programme.rules)}</p>
      </Panel>
    </>
  );
}

const STATES: FriendState[] = ["waiting", "real", "final", "held", "lapsed", "lost", "refused", "void"];

function Friends({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [state, setState] = useState<FriendState | undefined>();
  const { query, rows } = useFriends(id, state);
  const label = (value: FriendState) =>
    value === "void"
      ? t("referral.not_counted")
      : value === "final"
        ? `${t("referral.real")} ✓`
        : t(`referral.${value}`);
  const filter = (
    <Select
      allowClear
      aria-label={t("referral.state")}
      placeholder={t("referral.all")}
      value={state}
      onChange={setState}
      style={{ minWidth: 140 }}
      options={STATES.map((value) => ({ value, label: label(value) }))}
    />
  );
  const name = (who: Friend["customer"], number: number) => who?.name ?? who?.phone_masked ?? `#${number}`;
  return (
    <Panel title={t("referral.friends")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("referral.no_friends")} />
          ) : (
            <>
              <DataTable
                caption={t("referral.friends")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "who",
                    title: t("referral.who"),
                    render: (row) => (
                      <Link to={`/customers/${row.customer_id}`}>{name(row.customer, row.customer_id)}</Link>
                    ),
                  },
                  {
                    key: "inviter",
                    title: t("referral.inviter"),
                    render: (row) => (
                      <Link to={`/customers/${row.inviter_id}`}>{name(row.inviter, row.inviter_id)}</Link>
                    ),
                  },
                  { key: "came", title: t("referral.came"), render: (row) => f.time(row.came_at) },
                  { key: "how", title: t("referral.how"), render: (row) => t(`referral.how_${row.how}`) },
                  {
                    key: "state",
                    title: t("referral.state"),
                    render: (row) => (
                      <Chip
                        tone={row.void ? "plain" : (STATE_TONE[row.review === "held" ? "held" : row.state] ?? "plain")}
                      >
                        {f.label(row.words)}
                      </Chip>
                    ),
                  },
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
