import { useTranslation } from "react-i18next";
import { Link } from "react-router";

const CAMPAIGN = /^campaign:(\d+)$/;

/** Who did it: a member's name, the part of the product that acted, or the campaign that it belongs to. */
export function By({ who }: { who: string | null | undefined }) {
  const { t } = useTranslation();
  const campaign = who && CAMPAIGN.exec(who)?.[1];
  if (campaign) return <Link to={`/campaigns/${campaign}`}>{t("ui.by_campaign", { n: campaign })}</Link>;
  return <span className="muted">{who ? t(`ui.by_${who}`, { defaultValue: who }) : "–"}</span>;
}
