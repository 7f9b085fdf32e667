import { useTranslation } from "react-i18next";
import type { CarrierAccount } from "@/api/types";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { CheckSteps } from "./CheckSteps";
import { useCheck, useProducts } from "./queries";

/** The steps of the connection, tried when asked. */
export function ChecksPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const products = useProducts();
  const check = useCheck(account.id);
  const product = products.data?.items.find((one) => one.product === account.product);
  return (
    <Panel title={t("carriers.checks")} hint={t("carriers.checks_hint")}>
      {check.error && <ProblemView error={check.error} compact />}
      <CheckSteps product={product} steps={check.data} busy={check.isPending} onRun={() => check.mutate()} />
    </Panel>
  );
}
