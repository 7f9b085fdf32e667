import { useTranslation } from "react-i18next";
import type { CarrierAccount } from "@/api/types";

/** The first full comparison with the carrier, with its progress. */
export function ReconcileStep({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  return <p>{t("carriers.reconcile_about", { name: account.name })}</p>;
}
