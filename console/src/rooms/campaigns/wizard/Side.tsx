import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { Draft } from "./step";
import { useAudienceCount } from "./WhoStep";

/** What the plan comes to, on every step. */
export function Side({ draft, campaign }: { draft: Draft; campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { plan } = draft;
  const { count, stale } = useAudienceCount(plan.audience.include, plan.audience.exclude);
  const forecast = campaign.forecast;
  return (
    <Panel title={t("campaigns.at_a_glance")}>
      <p className={stale ? "live-count num stale" : "live-count num"} aria-live="polite">
        {f.count(count)}
      </p>
      <p className="muted small">{t("campaigns.audience_now")}</p>
      <dl className="totals inset">
        {forecast && (
          <div className={campaign.forecast_is_current ? "" : "stale"}>
            <dt>{t("campaigns.reach")}</dt>
            <dd className="num">{f.count(forecast.reach)}</dd>
          </div>
        )}
        <div>
          <dt>{t("campaigns.purpose")}</dt>
          <dd>{t(`campaigns.purpose_${draft.purpose}`)}</dd>
        </div>
        <div>
          <dt>{t("campaigns.variants")}</dt>
          <dd className="num">{plan.variants.length}</dd>
        </div>
        <div>
          <dt>{t("campaigns.carriers")}</dt>
          <dd>{plan.carriers.map((one) => t(`campaigns.carrier_${one}`)).join(" › ") || "–"}</dd>
        </div>
        <div>
          <dt>{t("campaigns.starts")}</dt>
          <dd className="num">{plan.starts ?? t("campaigns.starts_now")}</dd>
        </div>
        <div>
          <dt>{t("campaigns.waves")}</dt>
          <dd className="num">{plan.waves.map((wave) => f.rate(wave.share, 0)).join(" · ")}</dd>
        </div>
        <div>
          <dt>{t("campaigns.control")}</dt>
          <dd className="num">{f.rate(plan.control_rate, 0)}</dd>
        </div>
      </dl>
    </Panel>
  );
}
