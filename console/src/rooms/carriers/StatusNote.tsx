import { useTranslation } from "react-i18next";
import type { CarrierAccount } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

/** What is wrong with an account and what to do; nothing while all is well. */
export function StatusNote({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (!account.status_says) {
    return account.health.is_silent ? (
      <p className="notice">{t("carriers.silent", { at: f.time(account.health.silent_since) })}</p>
    ) : null;
  }
  return (
    <div className={account.status === "paused" ? "notice indigo" : "notice"} role="status">
      <p>
        <strong>{f.label(account.status_says)}</strong>{" "}
        {account.status_code && <code className="muted small">{account.status_code}</code>}
      </p>
      {account.status_fix && (
        <p className="small">
          {t("ui.way_out")}
          {f.label(account.status_fix)}
        </p>
      )}
      <p className="small muted">{t("carriers.since", { at: f.time(account.status_since) })}</p>
    </div>
  );
}
