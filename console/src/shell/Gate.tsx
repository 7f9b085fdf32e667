import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";
import { isProblem } from "@/api/problem";
import { ProblemView } from "@/ui/ProblemView";
import { SessionProvider, useSessionQuery } from "./session";

/** Lets members in; anybody else goes to the log-in page and comes back to the address they asked for. */
export function Gate() {
  const { data, error, refetch } = useSessionQuery();
  const { t } = useTranslation();
  const here = useLocation();
  if (isProblem(error, 401)) {
    const next = here.pathname + here.search;
    return <Navigate to={next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`} replace />;
  }
  if (data) {
    return (
      <SessionProvider session={data}>
        <Outlet />
      </SessionProvider>
    );
  }
  if (error) {
    return (
      <main className="alone">
        <ProblemView error={error} retry={() => void refetch()} />
      </main>
    );
  }
  return <p className="boot-line">{t("shell.opening")}</p>;
}
