import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { ProblemView } from "@/ui/ProblemView";

/** A page that failed to load or to draw: mostly a new version on the server, which a reload picks up. */
export function RouteError() {
  const error = useRouteError();
  const { t } = useTranslation();
  return (
    <main className="alone">
      <h1>{t("shell.page_broken")}</h1>
      <ProblemView error={error} retry={() => location.reload()} />
    </main>
  );
}
