import { App, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { JobProgress } from "@/rooms/jobs/JobProgress";
import { useJob } from "@/rooms/jobs/queries";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { BudgetAsk } from "./BudgetAsk";
import { BudgetCells, BudgetFigures, BudgetResults } from "./BudgetFound";
import { type Budget, useAnswerBudget, useBudgets, useRefreshBudgets } from "./budgetQueries";

const OPEN = new Set(["computing", "proposed", "lacking"]);
const TONE: Record<string, Tone> = { adopted: "pine", proposed: "indigo", computing: "indigo", lacking: "ochre" };

/** How many messages a week each person should get: what is in force, what is proposed and what it would change, and what was before. */
export function BudgetsTab() {
  const { t } = useTranslation();
  const may = useMay();
  const { query, rows } = useBudgets();
  const active = rows.find((one) => one.is_active);
  const open = rows.find((one) => OPEN.has(one.status));
  const others = rows.filter((one) => one !== active && one !== open);
  return (
    <QueryView query={query} lines={8}>
      {() => (
        <div className="stack">
          {active && <InForce budget={active} />}
          {open && (open.status === "computing" ? <Computing budget={open} /> : <Proposed budget={open} />)}
          {!active && !open && (
            <Panel title={t("messaging.tab_budgets")} hint={t("messaging.budgets_hint")}>
              <Empty
                title={t("messaging.no_budgets")}
                hint={t("messaging.no_budgets_hint")}
                action={may("messaging.write") && <BudgetAsk first />}
              />
            </Panel>
          )}
          {others.length > 0 && (
            <Panel title={t("messaging.budgets_before")}>
              <Before rows={others} />
              <MoreButton query={query} />
            </Panel>
          )}
        </div>
      )}
    </QueryView>
  );
}

function Computing({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  const refresh = useRefreshBudgets();
  const query = useJob(budget.job_id, () => void refresh());
  const job = query.data;
  return (
    <Panel title={t("messaging.budget_computing_title")}>
      {job && <JobProgress job={job} />}
      {job?.status === "failed" && <Again budget={budget} />}
      {query.error && <ProblemView error={query.error} compact />}
    </Panel>
  );
}

function Again({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  return (
    <div className="row">
      <p className="notice">{t("messaging.budget_failed")}</p>
      <BudgetAsk terms={budget.terms} />
    </div>
  );
}

function Proposed({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const found = budget.found;
  if (!found) return null;
  const lacking = found.lacking.length > 0;
  const write = may("messaging.write");
  return (
    <Panel
      title={t(lacking ? "messaging.budget_lacking_title" : "messaging.budget_proposed_title")}
      hint={t("messaging.budgets_hint")}
      extra={write && <BudgetAsk terms={budget.terms} />}
    >
      <div className="stack">
        {lacking ? (
          <Empty
            title={t("messaging.budget_lacking")}
            hint={
              <span className="stack">
                {found.lacking.map((one) => (
                  <span key={one.code}>{f.label(one.words)}</span>
                ))}
                <span>{t("messaging.budget_lacking_way_out")}</span>
              </span>
            }
          />
        ) : (
          <>
            <BudgetFigures found={found} />
            {found.gain_fen.low <= 0 && <p className="notice">{t("messaging.budget_unsure")}</p>}
            {write && <Answer budget={budget} />}
          </>
        )}
        <BudgetCells found={found} terms={budget.terms} />
      </div>
    </Panel>
  );
}

function Answer({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const answer = useAnswerBudget();
  const [weeks, setWeeks] = useState(4);
  const lower = (budget.found?.after ?? []).slice(0, -1).reduce((all, one) => all + one, 0);
  const adopt = () =>
    modal.confirm({
      title: t("messaging.adopt_title", { n: f.count(lower) }),
      content: t("messaging.adopt_hint", { weeks }),
      okText: t("messaging.adopt"),
      cancelText: t("ui.cancel"),
      onOk: () =>
        answer
          .mutateAsync({ id: budget.id, act: "adopt", weeks })
          .then(() => void message.success(t("messaging.adopted")), fail),
    });
  const drop = () =>
    answer
      .mutateAsync({ id: budget.id, act: "drop" })
      .then(() => void message.success(t("messaging.budget_dropped")), fail);
  return (
    <div className="row">
      <Select
        value={weeks}
        aria-label={t("messaging.adopt_weeks")}
        onChange={setWeeks}
        options={[1, 2, 4, 8, 12].map((value) => ({ value, label: t("messaging.for_weeks", { n: value }) }))}
      />
      <Button type="primary" loading={answer.isPending} onClick={adopt}>
        {t("messaging.adopt")}
      </Button>
      <Button onClick={() => void drop()}>{t("messaging.drop_budget")}</Button>
    </div>
  );
}

function InForce({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const answer = useAnswerBudget();
  const undo = () =>
    modal.confirm({
      title: t("messaging.undo_budget_title"),
      content: t("messaging.undo_budget_hint"),
      okText: t("messaging.undo_budget"),
      cancelText: t("ui.cancel"),
      onOk: () =>
        answer
          .mutateAsync({ id: budget.id, act: "undo" })
          .then(() => void message.success(t("messaging.budget_undone_done")), fail),
    });
  const extra = may("messaging.write") && (
    <>
      <BudgetAsk terms={budget.terms} />
      <Button loading={answer.isPending} onClick={undo}>
        {t("messaging.undo_budget")}
      </Button>
    </>
  );
  return (
    <Panel title={t("messaging.budget_in_force")} hint={t("messaging.budgets_hint")} extra={extra}>
      <div className="stack">
        <p className="muted small">
          {t("messaging.budget_since", { at: f.time(budget.adopted_at), until: f.time(budget.ends_at) })}{" "}
          <By who={budget.adopted_by} />
        </p>
        {budget.found && <BudgetFigures found={budget.found} />}
        <BudgetResults id={budget.id} />
        {budget.found && <BudgetCells found={budget.found} terms={budget.terms} />}
      </div>
    </Panel>
  );
}

function Before({ rows }: { rows: Budget[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("messaging.budgets_before")}
      cards
      rows={rows}
      rowKey={(one) => one.id}
      columns={[
        { key: "asked", title: t("messaging.budget_asked"), render: (one) => f.time(one.created_at) },
        {
          key: "status",
          title: t("messaging.status"),
          render: (one) => (
            <Chip tone={TONE[one.status] ?? "plain"}>
              {t(`messaging.budget_${one.status === "adopted" ? "over" : one.status}`)}
            </Chip>
          ),
        },
        {
          key: "gain",
          title: t("messaging.budget_gain"),
          align: "right",
          render: (one) => (one.found && one.found.lacking.length === 0 ? f.money(one.found.gain_fen.point) : "–"),
        },
        {
          key: "held",
          title: t("messaging.budget_held"),
          render: (one) =>
            one.adopted_at ? `${f.date(one.adopted_at)} – ${f.date(one.closed_at ?? one.ends_at)}` : "–",
        },
        { key: "by", title: t("messaging.by"), render: (one) => <By who={one.closed_by ?? one.created_by} /> },
      ]}
    />
  );
}
