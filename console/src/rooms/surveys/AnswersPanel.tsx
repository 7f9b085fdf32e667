import { useTranslation } from "react-i18next";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useAnswersOf } from "./queries";

/** What a customer has answered, the newest survey first. */
export function AnswersPanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useAnswersOf(id);
  return (
    <Panel title={t("surveys.card")}>
      <QueryView query={query} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted small">{t("surveys.no_answers")}</p>
          ) : (
            <div className="stack">
              {items.map((one) => (
                <details key={`${one.survey_id} ${one.at}`}>
                  <summary>
                    {one.name} <span className="muted small">{f.date(one.at)}</span>
                  </summary>
                  <dl className="answers">
                    {one.answers.map(({ question, answer }) => (
                      <div key={question.zh}>
                        <dt className="muted small">{f.label(question)}</dt>
                        <dd>{answer}</dd>
                      </div>
                    ))}
                  </dl>
                </details>
              ))}
            </div>
          )
        }
      </QueryView>
    </Panel>
  );
}
