import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { ReasonFunnel } from "@/ui/ReasonFunnel";
import { useFormat } from "@/ui/useFormat";
import { decidedOf } from "./decided";
import { useFunnelSteps } from "./funnel";
import { type Behind, PeopleDrawer } from "./PeopleDrawer";
import { useReasonWords } from "./reasons";

/** Everybody of the audience: told, waiting, or not, and why. */
export function PeopleTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const steps = useFunnelSteps();
  const reasons = useReasonWords();
  const [open, setOpen] = useState<Behind | null>(null);
  const decided = decidedOf(campaign);
  const behind = (key: string): Behind =>
    key === "audience"
      ? { title: t("campaigns.audience"), stage: "planned" }
      : key === "told"
        ? { title: t("campaigns.will_be_told"), stage: "treated" }
        : key === "holdout"
          ? { title: t("campaigns.control"), stage: "control" }
          : { title: reasons.name(key), stage: "refused", reason: key };
  if (decided.audience === 0) {
    return (
      <div className="panel">
        <Empty title={t("campaigns.people_none")} hint={t("campaigns.people_none_hint")} />
      </div>
    );
  }
  return (
    <div className="stack">
      <Panel title={t("campaigns.who_is_out")} hint={t("campaigns.people_hint")}>
        <ReasonFunnel
          label={t("campaigns.who_is_out")}
          whole={decided.audience}
          steps={steps({
            audience: decided.audience,
            told: decided.allow + decided.wait,
            reasons: decided.reasons,
          })}
          onOpen={(key) => setOpen(behind(key))}
        />
        {decided.wait > 0 && (
          <p className="muted small">
            {t("campaigns.of_them_wait", {
              n: f.count(decided.wait),
              why: Object.entries(decided.waits)
                .map(([reason, count]) => `${reasons.name(reason)} ${f.count(count)}`)
                .join("、"),
            })}
          </p>
        )}
      </Panel>
      {open && <PeopleDrawer id={campaign.id} behind={open} onClose={() => setOpen(null)} />}
    </div>
  );
}
