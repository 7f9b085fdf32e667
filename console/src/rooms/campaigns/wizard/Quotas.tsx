import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Campaign, CarrierAccount } from "@/api/types";
import { useAccounts, useQuotas } from "@/rooms/carriers/queries";
import { Bar } from "@/ui/Bar";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

type Props = { campaign: Campaign; carriers: string[]; accounts: number[] | null };

/** What the accounts may still do, beside what this campaign needs: seen before it is too late. */
export function Quotas({ campaign, carriers, accounts }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const all = useAccounts();
  const mine = (all.data?.items ?? []).filter(
    (one) => carriers.includes(one.product) && (!accounts || accounts.includes(one.id)),
  );
  if (mine.length === 0) return null;
  return (
    <Panel title={t("campaigns.quotas")} hint={t("campaigns.quotas_hint")}>
      <ul className="progress-rows">
        {carriers
          .filter((carrier) => mine.some((one) => one.product === carrier))
          .map((carrier) => {
            const need = campaign.forecast_is_current ? campaign.forecast?.by_carrier[carrier] : undefined;
            return (
              <li key={carrier} className="progress-row">
                <p className="row spread">
                  <strong>{t(`campaigns.carrier_${carrier}`)}</strong>
                  <span className="num small">
                    {need === undefined ? (
                      <Link to="?step=restraint">{t("campaigns.quota_unknown")}</Link>
                    ) : (
                      t("campaigns.quota_need", { n: f.count(need) })
                    )}
                  </span>
                </p>
                {mine
                  .filter((one) => one.product === carrier)
                  .map((one) => (
                    <AccountQuota key={one.id} account={one} />
                  ))}
              </li>
            );
          })}
      </ul>
    </Panel>
  );
}

/** The tightest of the account's windows. */
function AccountQuota({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const quotas = useQuotas(account.id);
  const tight = (quotas.data?.items ?? []).toSorted(
    (a, b) => b.used_count / b.limit_count - a.used_count / a.limit_count,
  )[0];
  return (
    <p className="row spread small">
      <Link to={`/accounts/${account.id}?tab=quotas`}>{account.name}</Link>
      {tight ? (
        <span className="row tight num">
          <Bar
            value={1 - tight.used_count / tight.limit_count}
            tone={tight.used_count / tight.limit_count > 0.8 ? "ochre" : "pine"}
          />
          {t("campaigns.quota_left", {
            left: f.count(tight.limit_count - tight.used_count),
            limit: f.count(tight.limit_count),
          })}
        </span>
      ) : (
        <span className="muted">{t("campaigns.quota_none")}</span>
      )}
    </p>
  );
}
