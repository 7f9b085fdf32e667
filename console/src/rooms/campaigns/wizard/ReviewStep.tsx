import { App, Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { useMay } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { Actions } from "../Actions";
import { type Step, stepOf } from "../plan";
import { TestSend } from "../TestSend";
import { usePieceNames } from "./pieces";
import type { StepProps } from "./step";
import { useAudienceCount } from "./WhoStep";

type Props = StepProps & { flush: () => Promise<boolean>; go: (step: Step) => void };

/** Everything on one page, what is wrong with the way out, and what to do next. */
export function ReviewStep({ campaign, draft, flush, go }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { plan } = draft;
  const segments = useSegments();
  const pieces = usePieceNames(plan.variants.map((one) => one.piece_id));
  const { count } = useAudienceCount(plan.audience.include, plan.audience.exclude);
  const named = (ids: number[]) =>
    ids.map((id) => segments.data?.items.find((one) => one.id === id)?.name ?? `#${id}`).join("、") || "–";
  const stop = plan.waves[0]?.stop_if;
  const lines: { step: Step; name: string; value: ReactNode }[] = [
    {
      step: "what",
      name: t("campaigns.step_what"),
      value: (
        <>
          <p>
            {draft.name} · {t(`campaigns.purpose_${draft.purpose}`)}
          </p>
          {plan.variants.map((one) => (
            <p key={one.name} className="small">
              {one.name.toUpperCase()} · {pieces(one.piece_id)} · {f.rate(one.share, 0)}
            </p>
          ))}
        </>
      ),
    },
    {
      step: "who",
      name: t("campaigns.step_who"),
      value: (
        <>
          <p>{t("campaigns.in_segments", { names: named(plan.audience.include), n: f.count(count) })}</p>
          {plan.audience.exclude.length > 0 && (
            <p className="small">{t("campaigns.not_in_segments", { names: named(plan.audience.exclude) })}</p>
          )}
        </>
      ),
    },
    {
      step: "restraint",
      name: t("campaigns.step_restraint"),
      value: campaign.forecast
        ? t("campaigns.review_reach", {
            audience: f.count(campaign.forecast.audience),
            reach: f.count(campaign.forecast.reach),
            out: f.count(Object.values(campaign.forecast.refused).reduce((sum, n) => sum + n, 0)),
          })
        : t("campaigns.review_no_dry_run"),
    },
    {
      step: "how",
      name: t("campaigns.step_how"),
      value: plan.carriers.map((one) => t(`campaigns.carrier_${one}`)).join(" › ") || "–",
    },
    {
      step: "when",
      name: t("campaigns.step_when"),
      value: (
        <>
          <p className="num">{plan.starts ?? t("campaigns.starts_now")}</p>
          <p className="small">
            {plan.waves.length === 1
              ? t("campaigns.waves_once")
              : plan.waves.map((wave) => f.rate(wave.share, 0)).join(" → ")}
            {stop?.block_rate != null && ` · ${t("campaigns.review_stop", { rate: f.rate(stop.block_rate, 2) })}`}
          </p>
        </>
      ),
    },
    {
      step: "proof",
      name: t("campaigns.step_proof"),
      value: plan.control_rate
        ? t("campaigns.review_control", { rate: f.rate(plan.control_rate, 0), days: plan.window_days })
        : t("campaigns.control_none_note"),
    },
  ];
  return (
    <div className="stack">
      {campaign.faults.length > 0 && (
        <Panel title={t("campaigns.faults", { n: campaign.faults.length })}>
          <ul className="faults">
            {campaign.faults.map((fault) => (
              <li key={`${fault.field}${fault.message.en}`} className="row spread">
                <span>{f.label(fault.message)}</span>
                <Button size="small" onClick={() => go(stepOf(fault.field))}>
                  {t("campaigns.mend", { step: t(`campaigns.step_${stepOf(fault.field)}`) })}
                </Button>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title={t("campaigns.step_review")}>
        <ol className="review">
          {lines.map((line) => (
            <li key={line.step}>
              <span className="review-name">{line.name}</span>
              <div className="review-value">{line.value}</div>
              <Button
                size="small"
                type="text"
                onClick={() => go(line.step)}
                aria-label={`${t("ui.edit")} ${line.name}`}
              >
                {t("ui.edit")}
              </Button>
            </li>
          ))}
        </ol>
      </Panel>
      <GoOn campaign={campaign} flush={flush} />
    </div>
  );
}

function GoOn({ campaign, flush }: { campaign: Props["campaign"]; flush: () => Promise<boolean> }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const fail = useFail();
  return (
    <Panel title={t("campaigns.go_on")} extra={<TestSend campaign={campaign} flush={flush} />}>
      <p className="muted small panel-note">{t(`campaigns.go_on_${campaign.status}`, { defaultValue: "" })}</p>
      <div className="row">
        <Actions
          campaign={campaign}
          before={flush}
          onDone={(done) => {
            void message.success(t(`campaigns.done_${done.status}`));
            if (done.status === "scheduled" || done.status === "running") navigate(`/campaigns/${done.id}`);
          }}
          onFail={fail}
        />
        {!may("campaigns.approve") && campaign.status === "in_review" && (
          <span className="muted small">{t("campaigns.wait_for_approval")}</span>
        )}
        <Link to={`/campaigns/${campaign.id}`}>{t("campaigns.to_progress")}</Link>
      </div>
    </Panel>
  );
}
