import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { useFormat } from "@/ui/useFormat";
import type { Code } from "./queries";

/** Additions of today against the limit. */
export function Today({ code }: { code: Code }) {
  const f = useFormat();
  const { t } = useTranslation();
  if (code.limit_today === null) return <span className="num">{f.count(code.added_today)}</span>;
  const label = t("codes.today_of", { n: f.count(code.added_today), most: f.count(code.limit_today) });
  return (
    <span className="code-today">
      <span className="num">{label}</span>
      <Bar value={Math.min(1, code.added_today / code.limit_today)} label={label} />
    </span>
  );
}
