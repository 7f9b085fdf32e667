import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { CarrierAccount, CheckStep } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import { CopyLine } from "./CopyLine";
import type { Values } from "./FieldsForm";
import { useCheck } from "./queries";

const EVERY = 4_000;
const SHOPS = new Set(["youzan", "wechat_shop", "order_webhook"]);
const KEYLESS = new Set(["youzan", "order_webhook"]);

/** Where the carrier is to call, what to enter there, and, live, whether it has. `entered` is what was just typed, if it was. */
export function CallbackStep({ account, entered }: { account: CarrierAccount; entered?: Values }) {
  const { t } = useTranslation();
  const f = useFormat();
  const check = useCheck(account.id);
  const step = check.data?.find((one: CheckStep) => one.key === "callback");
  const { mutate, isPending } = check;
  const waiting = !step?.ok;
  useEffect(() => {
    if (!waiting || isPending) return;
    const timer = setTimeout(mutate, check.data ? EVERY : 0);
    return () => clearTimeout(timer);
  }, [waiting, isPending, mutate, check.data]);
  return (
    <div className="stack">
      <p>{t(SHOPS.has(account.product) ? `carriers.callback_how_${account.product}` : "carriers.callback_how")}</p>
      <div className="copy-lines">
        <CopyLine label="URL" value={account.callback_url ?? ""} />
        {entered?.callback_token && <CopyLine label="Token" value={entered.callback_token} secret />}
        {entered?.token && <CopyLine label="Token" value={entered.token} secret />}
        {entered?.encoding_aes_key && <CopyLine label="EncodingAESKey" value={entered.encoding_aes_key} secret />}
      </div>
      {!entered?.encoding_aes_key && !KEYLESS.has(account.product) && (
        <p className="muted small">{t("carriers.callback_own")}</p>
      )}
      <div className={step?.ok ? "notice pine" : "notice indigo"} role="status">
        <p>
          <span className={step?.ok ? "pulse off" : "pulse"} aria-hidden="true" />{" "}
          <strong>{step ? f.label(step.says) : t("carriers.checking")}</strong>
        </p>
        {step?.fix && !step.ok && <p className="small">{f.label(step.fix)}</p>}
      </div>
    </div>
  );
}
