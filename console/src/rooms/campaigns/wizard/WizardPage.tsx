import { CheckOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Campaign } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Page } from "@/ui/Page";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { STEPS, type Step, stepOf } from "../plan";
import { saveCampaign, useCampaign, useKeepCampaign } from "../queries";
import { STATUS_TONE } from "../words";
import { HowStep } from "./HowStep";
import { ProofStep } from "./ProofStep";
import { RestraintStep } from "./RestraintStep";
import { ReviewStep } from "./ReviewStep";
import { Side } from "./Side";
import type { Draft, StepProps } from "./step";
import { useAutosave } from "./useAutosave";
import { WhatStep } from "./WhatStep";
import { WhenStep } from "./WhenStep";
import { WhoStep } from "./WhoStep";

export function WizardPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const campaign = useCampaign(id);
  const title = campaign.data?.name ?? t("campaigns.edit");
  return (
    <Page
      title={
        <span className="row">
          {title}
          {campaign.data && (
            <Chip tone={STATUS_TONE[campaign.data.status]}>{t(`campaigns.status_${campaign.data.status}`)}</Chip>
          )}
        </span>
      }
      heading={title}
      sub={<Link to="/campaigns">← {t("shell.page_campaigns")}</Link>}
    >
      <QueryView query={campaign} lines={8}>
        {(data) => <Wizard key={data.id} campaign={data} />}
      </QueryView>
    </Page>
  );
}

const draftOf = (campaign: Campaign): Draft => ({
  name: campaign.name,
  description: campaign.description ?? "",
  purpose: campaign.purpose,
  priority_fen: campaign.priority_fen,
  plan: campaign.plan,
});

function Wizard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const keep = useKeepCampaign();
  const [params, setParams] = useQueryState();
  const step = STEPS.find((one) => one === params.get("step")) ?? "what";
  const [draft, setDraft] = useState(() => draftOf(campaign));
  const version = useRef(campaign.version);
  const locked = campaign.status !== "draft" || !may("campaigns.write");
  const save = useCallback(
    async (wanted: Draft) => {
      const saved = await saveCampaign(campaign.id, version.current, wanted);
      version.current = saved.version;
      keep(saved);
    },
    [campaign.id, keep],
  );
  const saving = useAutosave(draft, save);
  const faults = useMemo(
    () => new Map(campaign.faults.map((fault) => [fault.field, f.label(fault.message)])),
    [campaign.faults, f],
  );
  const change = useCallback((part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part })), []);
  const props: StepProps = {
    campaign,
    draft,
    change,
    // What is empty in a new draft is no fault until it is asked for; the review says all of it.
    faultOf: (field) =>
      draft.plan.audience.include.length || draft.plan.variants.length ? faults.get(field) : undefined,
    locked,
  };
  const place = STEPS.indexOf(step);
  const go = (wanted: Step) => {
    void saving.flush();
    setParams({ step: wanted === "what" ? null : wanted });
  };
  const body: Record<Step, () => React.ReactNode> = {
    what: () => <WhatStep {...props} />,
    who: () => <WhoStep {...props} />,
    restraint: () => <RestraintStep {...props} flush={saving.flush} />,
    how: () => <HowStep {...props} />,
    when: () => <WhenStep {...props} />,
    proof: () => <ProofStep {...props} flush={saving.flush} />,
    review: () => <ReviewStep {...props} flush={saving.flush} go={go} />,
  };
  const steps = useRef<HTMLElement>(null);
  // On a phone the steps are wider than the screen: the one that is worked on is always seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step moves it
  useEffect(() => {
    const now = steps.current?.querySelector<HTMLElement>("[aria-current]");
    if (now) steps.current?.scrollTo({ left: now.offsetLeft - steps.current.offsetLeft - 60 });
  }, [step]);
  return (
    <>
      <nav className="plan-steps" aria-label={t("campaigns.steps")} ref={steps}>
        {STEPS.map((one, index) => {
          const faulty = campaign.faults.some((fault) => stepOf(fault.field) === one);
          const state = faulty ? "faulty" : isDone(one, draft, campaign) ? "done" : "";
          return (
            <button
              key={one}
              type="button"
              className={state}
              aria-current={one === step ? "step" : undefined}
              onClick={() => go(one)}
            >
              <span className="mark num" aria-hidden="true">
                {state === "done" ? <CheckOutlined /> : state === "faulty" ? "!" : index + 1}
              </span>
              {t(`campaigns.step_${one}`)}
              {state === "faulty" && <span className="visually-hidden">{t("campaigns.step_faulty")}</span>}
            </button>
          );
        })}
      </nav>
      <div className="plan-body">
        <div className="plan-main">
          {campaign.status !== "draft" && (
            <p className="notice">
              {t(campaign.actions.includes("withdraw") ? "campaigns.locked" : "campaigns.locked_for_good", {
                status: t(`campaigns.status_${campaign.status}`),
              })}{" "}
              <Link to={`/campaigns/${campaign.id}`}>{t("campaigns.to_progress")}</Link>
            </p>
          )}
          {body[step]()}
          <div className="plan-act">
            <Button disabled={place === 0} onClick={() => go(STEPS[place - 1] as Step)}>
              {t("campaigns.back")}
            </Button>
            {place < STEPS.length - 1 && (
              <Button type="primary" onClick={() => go(STEPS[place + 1] as Step)}>
                {t("campaigns.next", { step: t(`campaigns.step_${STEPS[place + 1]}`) })}
              </Button>
            )}
          </div>
        </div>
        <aside className="plan-side" aria-label={t("campaigns.at_a_glance")}>
          {!locked && <SavedState saving={saving} />}
          <Side draft={draft} campaign={campaign} />
        </aside>
      </div>
    </>
  );
}

function isDone(step: Step, draft: Draft, campaign: Campaign): boolean {
  const { plan } = draft;
  if (step === "what") return plan.variants.length > 0;
  if (step === "who") return plan.audience.include.length > 0;
  if (step === "restraint") return campaign.forecast_is_current;
  if (step === "how") return plan.carriers.length > 0;
  if (step === "when" || step === "proof") return plan.variants.length > 0 && plan.audience.include.length > 0;
  return campaign.status !== "draft";
}

function SavedState({ saving }: { saving: ReturnType<typeof useAutosave<Draft>> }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (saving.state === "failed") {
    return <ProblemView error={saving.error} retry={() => void saving.flush()} compact />;
  }
  return (
    <p className="saved-at" role="status">
      {saving.state === "saved"
        ? saving.at
          ? t("campaigns.saved_at", { at: f.clock(saving.at) })
          : t("campaigns.saves_itself")
        : t("campaigns.saving")}
    </p>
  );
}
