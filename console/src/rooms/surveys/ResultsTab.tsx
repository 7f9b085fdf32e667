import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Interval } from "@/ui/Interval";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type Survey, type Told, useResults } from "./queries";

/** What people have said, question by question, over all versions. */
export function ResultsTab({ survey }: { survey: Survey }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useResults(survey.id);
  return (
    <QueryView query={query} lines={8}>
      {(found) =>
        found.responses === 0 ? (
          <div className="panel">
            <Empty title={t("surveys.no_responses")} hint={t("surveys.no_responses_hint", { name: survey.name })} />
          </div>
        ) : (
          <div className="stack">
            <Figures count={2}>
              <Figure label={t("surveys.responses")} value={f.count(found.responses)} />
              <Figure label={t("surveys.people")} value={f.count(found.people)} />
            </Figures>
            {found.questions.map((one) => (
              <Result key={one.key} told={one} />
            ))}
          </div>
        )
      }
    </QueryView>
  );
}

function Result({ told }: { told: Told }) {
  const { t } = useTranslation();
  const f = useFormat();
  const points = (value: number) => f.count(value, 0);
  return (
    <Panel
      title={f.label(told.title)}
      extra={
        <>
          {!told.is_asked && <Chip>{t("surveys.not_asked")}</Chip>}
          <span className="muted small">{t("surveys.answered", { n: f.count(told.answered) })}</span>
        </>
      }
    >
      <div className="stack">
        {told.nps && (
          <div className="survey-nps">
            <Figure
              label={t("surveys.nps")}
              value={points(told.nps.score)}
              hint={t("surveys.nps_hint")}
              note={t("surveys.nps_interval", { low: points(told.nps.low), high: points(told.nps.high) })}
            />
            <Interval
              low={told.nps.low}
              high={told.nps.high}
              point={told.nps.score}
              span={[-100, 100]}
              text={points}
              label={t("surveys.nps")}
            />
            <p className="muted small">
              {t("surveys.nps_parts", {
                p: f.count(told.nps.promoters),
                n: f.count(told.nps.passives),
                d: f.count(told.nps.detractors),
              })}
            </p>
          </div>
        )}
        {told.mean !== null && !told.nps && (
          <p>
            {t("surveys.mean")} <strong className="num">{f.count(told.mean, 2)}</strong>
          </p>
        )}
        {told.kind === "text" ? (
          <p className="muted small">{t("surveys.words_in_responses")}</p>
        ) : (
          <ul className="survey-counts">
            {told.counts.map((one) => (
              <li key={one.key}>
                <span>{f.label(one.label)}</span>
                <Bar value={one.rate ?? 0} tone="indigo" />
                <span className="num">
                  {f.count(one.count)}{" "}
                  <span
                    className="muted"
                    title={t("surveys.share_interval", { low: f.rate(one.low), high: f.rate(one.high) })}
                  >
                    {f.rate(one.rate)}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}
