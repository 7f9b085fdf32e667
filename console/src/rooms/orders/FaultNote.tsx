import { useTranslation } from "react-i18next";
import type { OrderFault } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

/** What went wrong, and what to do about it. */
export function FaultNote({ fault }: { fault: OrderFault | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (!fault) return null;
  return (
    <div className="notice" role="alert">
      <p>
        {f.label(fault.message)} <code className="muted">{fault.code}</code>
      </p>
      {fault.way_out && (
        <p className="small">
          <strong>{t("ui.way_out")}</strong> {f.label(fault.way_out)}
        </p>
      )}
    </div>
  );
}
