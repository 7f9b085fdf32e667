import { ReactFlowProvider } from "@xyflow/react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Loading } from "@/ui/Loading";
import { ProblemView } from "@/ui/ProblemView";
import "@/styles/journeys.css";
import { useJourney, useSteps } from "./queries";
import { Workshop } from "./Workshop";

/** One journey, full screen. */
export function JourneyPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const journey = useJourney(id);
  const steps = useSteps();
  const [round, setRound] = useState(0);
  const reload = () => void journey.refetch().then(() => setRound((n) => n + 1));
  const error = journey.error ?? steps.error;
  if (journey.data === undefined || steps.data === undefined)
    return (
      <main className="alone">
        <h1>{t("shell.page_journeys")}</h1>
        {error ? (
          <ProblemView
            error={error}
            retry={() => {
              void journey.refetch();
              void steps.refetch();
            }}
          />
        ) : (
          <Loading />
        )}
        <p>
          <Link to="/journeys">{t("journeys.back")}</Link>
        </p>
      </main>
    );
  return (
    <ReactFlowProvider key={`${id}.${round}`}>
      <Workshop journey={journey.data} steps={steps.data} onReload={reload} />
    </ReactFlowProvider>
  );
}
