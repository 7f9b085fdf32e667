import { Radio, Segmented, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { CampaignPlan } from "@/api/types";
import { DataTable } from "@/ui/DataTable";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import { useForecast } from "../useForecast";
import { PercentBox } from "./PercentBox";
import type { StepProps } from "./step";

const CONTROLS = [0, 0.05, 0.1, 0.2, 0.3];
const WINDOWS = [3, 7, 14, 30];

/** How it will be known what it brought. */
export function ProofStep({
  campaign,
  draft,
  change,
  faultOf,
  locked,
  flush,
}: StepProps & { flush: () => Promise<boolean> }) {
  const { t } = useTranslation();
  const { plan } = draft;
  const set = (part: Partial<CampaignPlan>) => change({ plan: { ...plan, ...part } });
  return (
    <div className="stack">
      <Panel title={t("campaigns.control")} hint={t("campaigns.control_hint")}>
        <div className="stack">
          <div className="row">
            <Segmented
              aria-label={t("campaigns.control")}
              options={CONTROLS.map((rate) => ({
                value: rate,
                label: rate ? `${rate * 100}%` : t("campaigns.control_none"),
              }))}
              value={plan.control_rate}
              onChange={(control_rate) => set({ control_rate })}
              disabled={locked}
            />
            <PercentBox
              label={t("campaigns.control_rate")}
              value={plan.control_rate ?? 0.1}
              most={0.5}
              onChange={(rate) => set({ control_rate: rate ?? 0.1 })}
              disabled={locked}
            />
          </div>
          {faultOf("control_rate") && <p className="field-error">{faultOf("control_rate")}</p>}
          {!plan.control_rate && <p className="notice">{t("campaigns.control_none_note")}</p>}
          {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control */}
          <label className="row">
            <Switch
              checked={plan.use_global_holdout ?? true}
              onChange={(use_global_holdout) => set({ use_global_holdout })}
              disabled={locked}
              aria-label={t("campaigns.global_holdout")}
            />
            <span>
              {t("campaigns.global_holdout")} <span className="muted small">{t("campaigns.global_holdout_hint")}</span>
            </span>
          </label>
        </div>
      </Panel>
      <Detectable campaign={campaign} flush={flush} />
      <Panel title={t("campaigns.reading")}>
        <div className="form">
          <Field
            label={t("campaigns.window_days")}
            help={t("campaigns.window_days_help")}
            error={faultOf("window_days")}
          >
            <Segmented
              aria-label={t("campaigns.window_days")}
              options={WINDOWS.map((days) => ({ value: days, label: t("ui.days", { n: days, count: days }) }))}
              value={plan.window_days}
              onChange={(window_days) => set({ window_days })}
              disabled={locked}
            />
          </Field>
          <Radio.Group
            aria-label={t("campaigns.reading")}
            value={plan.reading ?? "fixed"}
            onChange={(e) => set({ reading: e.target.value })}
            disabled={locked}
            style={{ display: "grid", gap: 8 }}
          >
            {(["fixed", "sequential"] as const).map((one) => (
              <Radio key={one} value={one}>
                {t(`campaigns.reading_${one}`)}{" "}
                <span className="muted small">{t(`campaigns.reading_${one}_hint`)}</span>
              </Radio>
            ))}
          </Radio.Group>
          {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control */}
          <label className="row">
            <Switch
              checked={plan.covariate_days !== null}
              onChange={(on) => set({ covariate_days: on ? 90 : null })}
              disabled={locked}
              aria-label={t("campaigns.cuped")}
            />
            <span>
              {t("campaigns.cuped")} <span className="muted small">{t("campaigns.cuped_hint")}</span>
            </span>
          </label>
        </div>
      </Panel>
      {plan.variants.length > 1 && <Winner plan={plan} set={set} fault={faultOf("winner")} locked={locked} />}
    </div>
  );
}

/** The smallest effect that this many people can show, in words. */
function Detectable({ campaign, flush }: { campaign: StepProps["campaign"]; flush: () => Promise<boolean> }) {
  const { t } = useTranslation();
  const f = useFormat();
  const told = campaign.forecast;
  const forecast = useForecast(campaign, flush);
  const again = (
    <button type="button" className="plain link" onClick={forecast.ask} disabled={forecast.busy}>
      {t(forecast.busy ? "campaigns.counting" : told ? "campaigns.dry_run_again" : "campaigns.dry_run")}
    </button>
  );
  return (
    <Panel title={t("campaigns.detectable")} hint={t("campaigns.detectable_hint")} extra={again}>
      {!told ? (
        <p className="muted">{t("campaigns.detectable_needs")}</p>
      ) : (
        <div className={campaign.forecast_is_current ? "stack" : "stack dim"}>
          {!campaign.forecast_is_current && <p className="notice">{t("campaigns.dry_run_old")}</p>}
          <p className="big-say">
            {told.smallest_difference === null
              ? t("campaigns.detectable_none")
              : t("campaigns.detectable_say", {
                  base: f.rate(told.base_rate, 2),
                  up: f.rate((told.base_rate ?? 0) + told.smallest_difference, 2),
                  points: f.count(told.smallest_difference * 100, 2),
                })}
          </p>
          {told.smallest_difference !== null && (
            <p className="muted small">
              {t("campaigns.detectable_people", {
                told: f.count(told.reach),
                control: f.count(told.control),
                relative: f.rate(told.smallest_relative, 0),
              })}
            </p>
          )}
          {told.variants.length > 1 && (
            <DataTable
              caption={t("campaigns.variants")}
              rows={told.variants}
              rowKey={(row) => row.name}
              columns={[
                { key: "name", title: t("campaigns.variant"), render: (row) => row.name.toUpperCase() },
                { key: "people", title: t("campaigns.people"), align: "right", render: (row) => f.count(row.people) },
                {
                  key: "least",
                  title: t("campaigns.detectable_least"),
                  align: "right",
                  render: (row) =>
                    row.smallest_difference === null
                      ? "–"
                      : t("campaigns.points", { n: f.count(row.smallest_difference * 100, 2) }),
                },
              ]}
            />
          )}
          {told.notes.length > 0 && (
            <ul className="faults">
              {told.notes.map((note) => (
                <li key={note.en} className="warn">
                  {f.label(note)}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Panel>
  );
}

type WinnerProps = {
  plan: CampaignPlan;
  set: (part: Partial<CampaignPlan>) => void;
  fault: string | undefined;
  locked: boolean;
};

function Winner({ plan, set, fault, locked }: WinnerProps) {
  const { t } = useTranslation();
  const { winner } = plan;
  return (
    <Panel title={t("campaigns.winner")} hint={t("campaigns.winner_hint")}>
      <div className="form">
        {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control */}
        <label className="row">
          <Switch
            checked={!!winner}
            onChange={(on) => set({ winner: on ? { metric: "click", when_unclear: "best" } : null })}
            disabled={locked || (plan.waves.length < 2 && !winner)}
            aria-label={t("campaigns.winner_on")}
          />
          <span>
            {t("campaigns.winner_on")}{" "}
            {plan.waves.length < 2 && <span className="muted small">{t("campaigns.winner_needs_waves")}</span>}
          </span>
        </label>
        {fault && <p className="field-error">{fault}</p>}
        {winner && (
          <div className="two">
            <Field label={t("campaigns.winner_metric")}>
              <Segmented
                aria-label={t("campaigns.winner_metric")}
                options={(["read", "click", "buy"] as const).map((one) => ({
                  value: one,
                  label: t(`campaigns.metric_${one}`),
                }))}
                value={winner.metric ?? "click"}
                onChange={(metric) => set({ winner: { ...winner, metric } })}
                disabled={locked}
              />
            </Field>
            <Field label={t("campaigns.winner_unclear")} help={t("campaigns.winner_unclear_help")}>
              <Segmented
                aria-label={t("campaigns.winner_unclear")}
                options={(["best", "first", "hold"] as const).map((one) => ({
                  value: one,
                  label: t(`campaigns.unclear_${one}`),
                }))}
                value={winner.when_unclear ?? "best"}
                onChange={(when_unclear) => set({ winner: { ...winner, when_unclear } })}
                disabled={locked}
              />
            </Field>
          </div>
        )}
      </div>
    </Panel>
  );
}
