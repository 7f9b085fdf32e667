import { useTranslation } from "react-i18next";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { Trial } from "./policyQueries";

const KINDS = ["asked", "allowed", "waited", "refused"] as const;

/** What the changed policy would have done with the messages of the past weeks, beside what the one in force says of the same. */
export function TrialPanel({ trial, stale }: { trial: Trial; stale: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const before = new Map(trial.in_force.reasons.map((one) => [one.reason, one]));
  const codes = [...new Set([...trial.tried.reasons, ...trial.in_force.reasons].map((one) => one.reason))];
  const after = new Map(trial.tried.reasons.map((one) => [one.reason, one]));
  return (
    <Panel title={t("messaging.trial")} hint={t("messaging.trial_hint")}>
      <div className="stack" aria-live="polite">
        {stale && <p className="notice">{t("messaging.trial_stale")}</p>}
        {trial.cut && <p className="notice">{t("messaging.trial_cut", { at: f.date(trial.from_at) })}</p>}
        {trial.tried.asked === 0 ? (
          <Empty title={t("messaging.trial_none")} hint={t("messaging.trial_none_hint")} />
        ) : (
          <>
            <Figures count={4}>
              {KINDS.map((kind) => (
                <Figure
                  key={kind}
                  label={t(`messaging.trial_${kind}`)}
                  value={f.count(trial.tried[kind])}
                  note={kind === "asked" ? undefined : t("messaging.trial_now", { n: f.count(trial.in_force[kind]) })}
                />
              ))}
            </Figures>
            {codes.length > 0 && (
              <DataTable
                caption={t("messaging.trial_reasons")}
                cards
                rows={codes}
                rowKey={(code) => code}
                columns={[
                  {
                    key: "reason",
                    title: t("messaging.reason"),
                    render: (code) => f.label((after.get(code) ?? before.get(code))?.name),
                  },
                  ...(["waited", "refused"] as const).flatMap((kind) => [
                    {
                      key: kind,
                      title: t(`messaging.trial_${kind}`),
                      align: "right" as const,
                      render: (code: string) => f.count(after.get(code)?.[kind] ?? 0),
                    },
                    {
                      key: `${kind} now`,
                      title: t(`messaging.trial_${kind}_now`),
                      align: "right" as const,
                      render: (code: string) => <span className="muted">{f.count(before.get(code)?.[kind] ?? 0)}</span>,
                    },
                  ]),
                ]}
              />
            )}
            <DataTable
              caption={t("messaging.trial_weeks")}
              cards
              rows={trial.weeks}
              rowKey={(week) => week.on}
              columns={[
                { key: "on", title: t("messaging.trial_week"), render: (week) => week.on },
                ...KINDS.map((kind) => ({
                  key: kind,
                  title: t(`messaging.trial_${kind}`),
                  align: "right" as const,
                  render: (week: Trial["weeks"][number]) => f.count(week[kind]),
                })),
                {
                  key: "reasons",
                  title: t("messaging.trial_main"),
                  wrap: true,
                  render: (week) =>
                    week.reasons
                      .toSorted((a, b) => b.refused + b.waited - a.refused - a.waited)
                      .slice(0, 2)
                      .map((one) => `${f.label(one.name)} ${f.count(one.refused + one.waited)}`)
                      .join(t("content.comma")),
                },
              ]}
            />
          </>
        )}
      </div>
    </Panel>
  );
}
