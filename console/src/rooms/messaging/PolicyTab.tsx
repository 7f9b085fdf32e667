import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ActivateButton } from "./ActivateButton";
import { PolicyForm } from "./PolicyForm";
import { PolicyWords } from "./PolicyWords";
import { type Policy, same } from "./policy";
import { type PolicyInfo, usePolicy, useTrial } from "./policyQueries";
import { TrialPanel } from "./TrialPanel";

export function PolicyTab() {
  const query = usePolicy();
  return (
    <QueryView query={query} lines={10}>
      {(info) => <Active key={info.version} info={info} />}
    </QueryView>
  );
}

function Active({ info }: { info: PolicyInfo }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const active = info.policy as unknown as Policy;
  const [draft, setDraft] = useState<Policy | null>(null);
  if (draft) return <Edit over={info.version} active={active} draft={draft} setDraft={setDraft} />;
  const edit = may("messaging.write") && (
    <Button type="primary" onClick={() => setDraft(active)}>
      {t("messaging.edit_policy")}
    </Button>
  );
  return (
    <Panel title={t("messaging.policy_now")} hint={t("messaging.policy_now_hint")} extra={edit}>
      <p className="muted small panel-note">
        {info.version === 0 ? (
          t("messaging.policy_default")
        ) : (
          <>
            {t("messaging.policy_since", { n: info.version, at: f.time(info.activated_at) })}{" "}
            <By who={info.activated_by} />
          </>
        )}
      </p>
      <PolicyWords policy={active} />
    </Panel>
  );
}

type EditProps = { over: number; active: Policy; draft: Policy; setDraft: (draft: Policy | null) => void };

/** The form, beside it what it says and what changes; it is switched on only after it was tried against what happened. */
function Edit({ over, active, draft, setDraft }: EditProps) {
  const { t } = useTranslation();
  const trial = useTrial();
  const [tried, setTried] = useState<Policy | null>(null);
  const [weeks, setWeeks] = useState(12);
  const changed = !same(active, draft);
  const fresh = tried !== null && same(tried, draft);
  const faults = trial.error instanceof ProblemError ? trial.error.errors : [];
  const test = () => trial.mutate({ policy: draft, weeks }, { onSuccess: () => setTried(draft) });
  return (
    <div className="stack">
      <div className="policy-editor">
        <Panel title={t("messaging.edit_policy")}>
          <PolicyForm policy={draft} onChange={setDraft} faults={faults} />
        </Panel>
        <Panel title={t("messaging.policy_says")} hint={t("messaging.policy_says_hint")} className="policy-says">
          <div className="form">
            <PolicyWords policy={draft} before={active} />
            {!changed && <p className="muted small">{t("messaging.no_changes")}</p>}
            {trial.error && <ProblemView error={trial.error} compact />}
            <Field label={t("messaging.trial_span")}>
              <Select
                value={weeks}
                aria-label={t("messaging.trial_span")}
                onChange={(value) => {
                  setWeeks(value);
                  setTried(null);
                }}
                options={[4, 8, 12, 26].map((value) => ({ value, label: t("messaging.weeks_n", { n: value }) }))}
              />
            </Field>
            <div className="row">
              <Button type={fresh ? "default" : "primary"} disabled={!changed} loading={trial.isPending} onClick={test}>
                {t("messaging.try_policy")}
              </Button>
              <ActivateButton
                draft={draft}
                active={active}
                over={over}
                disabled={!changed || !fresh}
                trial={fresh ? trial.data : undefined}
                done={() => setDraft(null)}
              />
              <Button onClick={() => setDraft(null)}>{t("messaging.discard")}</Button>
            </div>
            {changed && !fresh && <p className="muted small">{t("messaging.try_first")}</p>}
          </div>
        </Panel>
      </div>
      {trial.data && <TrialPanel trial={trial.data} stale={!fresh} />}
    </div>
  );
}
