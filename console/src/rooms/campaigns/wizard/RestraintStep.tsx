import { Button } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Loading } from "@/ui/Loading";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { ReasonFunnel } from "@/ui/ReasonFunnel";
import { useFormat } from "@/ui/useFormat";
import { useFunnelSteps } from "../funnel";
import { useForecast } from "../useForecast";
import type { StepProps } from "./step";

/** Who is out and why, before anybody is told: a dry run, in which nothing is reserved. */
export function RestraintStep({ campaign, draft, flush }: StepProps & { flush: () => Promise<boolean> }) {
  const { t } = useTranslation();
  const f = useFormat();
  const forecast = useForecast(campaign, flush);
  const ready = draft.plan.audience.include.length > 0 && draft.plan.carriers.length > 0;
  const told = campaign.forecast;
  const asked = useRef(false);
  const { ask, busy } = forecast;
  // The first look needs no click; later ones are asked for, since they cost a plan of everybody.
  useEffect(() => {
    if (ready && !told && !busy && !asked.current) {
      asked.current = true;
      ask();
    }
  }, [ready, told, busy, ask]);
  const steps = useFunnelSteps();
  return (
    <div className="stack">
      <Panel
        title={t("campaigns.who_is_out")}
        hint={t("campaigns.who_is_out_hint")}
        extra={
          <Button onClick={ask} loading={busy} disabled={!ready}>
            {t(told ? "campaigns.dry_run_again" : "campaigns.dry_run")}
          </Button>
        }
      >
        {!ready && (
          <p className="notice">
            {t("campaigns.dry_run_needs")} <Link to="?step=who">{t("campaigns.step_who")}</Link> ·{" "}
            <Link to="?step=how">{t("campaigns.step_how")}</Link>
          </p>
        )}
        {forecast.error && <ProblemView error={forecast.error} retry={ask} compact />}
        {forecast.failed && (
          <p className="notice">
            {f.label(forecast.failed.error)} <Link to="/jobs">{t("shell.page_jobs")}</Link>
          </p>
        )}
        {busy && !told && <Loading lines={6} />}
        {told && (
          <div className={campaign.forecast_is_current ? "stack" : "stack dim"} aria-busy={busy}>
            {!campaign.forecast_is_current && !busy && <p className="notice">{t("campaigns.dry_run_old")}</p>}
            <ReasonFunnel
              label={t("campaigns.who_is_out")}
              whole={told.audience}
              steps={steps({
                audience: told.audience,
                told: told.reach,
                reasons: told.refused,
                control: told.control,
              })}
            />
            <p className="muted small">{t("campaigns.dry_run_at", { at: f.time(told.computed_at) })}</p>
          </div>
        )}
      </Panel>
      <p className="muted small">
        {t("campaigns.policy_note")} <Link to="/restraint">{t("campaigns.policy_link")}</Link>
      </p>
    </div>
  );
}
