import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { useFormat } from "@/ui/useFormat";
import type { Offer } from "./queries";

export const refusedOf = (offer: Offer) =>
  Object.entries(offer.counts).reduce((sum, [name, count]) => (name.startsWith("refused:") ? sum + count : sum), 0);

/** How many have it, of how many there are. */
export function StockBar({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <>
      {f.count(offer.claimed)}
      <span className="muted"> / {offer.stock == null ? t("offers.no_bound") : f.count(offer.stock)}</span>
      {offer.stock != null && (
        <Bar
          value={offer.claimed / offer.stock}
          tone={offer.left === 0 ? "ochre" : "pine"}
          label={t("offers.claimed")}
        />
      )}
    </>
  );
}

/** What is committed and what was redeemed, of the budget. */
export function BudgetBar({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const held = offer.committed_fen + offer.redeemed_fen;
  return (
    <>
      {f.moneyShort(held)}
      <span className="muted">
        {" "}
        / {offer.budget_fen == null ? t("offers.no_bound") : f.moneyShort(offer.budget_fen)}
      </span>
      {offer.budget_fen != null && (
        <Bar
          value={held / offer.budget_fen}
          tone={held >= offer.budget_fen ? "cinnabar" : "indigo"}
          label={t("offers.budget")}
        />
      )}
    </>
  );
}
