import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";

/** What went wrong, why, what to do next, and the code to quote. */
export function ProblemView({ error, retry, compact }: { error: unknown; retry?: () => void; compact?: boolean }) {
  const { t } = useTranslation();
  const { title, detail, wayOut, code, fields } = useProblemText(error);
  return (
    <div className={compact ? "problem compact" : "problem"} role="alert">
      <p className="problem-title">{title}</p>
      {detail && <p>{detail}</p>}
      {fields.length > 0 && (
        <ul>
          {fields.map((field) => (
            <li key={`${field.field}${field.message}`}>
              <code>{field.field}</code> {field.message}
            </li>
          ))}
        </ul>
      )}
      {wayOut && (
        <p>
          <strong>{t("ui.way_out")}</strong> {wayOut}
        </p>
      )}
      <p className="row small">
        {retry && (
          <Button size="small" onClick={retry}>
            {t("ui.retry")}
          </Button>
        )}
        {code && <code className="muted">{code}</code>}
      </p>
    </div>
  );
}

export function useProblemText(error: unknown) {
  const { t, i18n } = useTranslation();
  if (error instanceof ProblemError) {
    const way = error.wayOut;
    return {
      title: error.title || t("ui.refused"),
      detail: error.message === error.title ? "" : error.message,
      wayOut:
        typeof way === "object"
          ? i18n.language === "en"
            ? way.en
            : way.zh
          : way || (error.status >= 500 ? t("ui.way_out_server") : ""),
      code: `${error.code} · ${error.status}`,
      fields: error.errors,
    };
  }
  const network = error instanceof TypeError;
  return {
    title: network ? t("ui.no_server") : t("ui.broken"),
    detail: network ? t("ui.no_server_hint") : error instanceof Error ? error.message : String(error),
    wayOut: network ? t("ui.no_server_way_out") : t("ui.broken_way_out"),
    code: "",
    fields: [],
  };
}
