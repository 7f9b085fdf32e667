import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import { type Flow, reached, type Said, stepData } from "../canvas/cards";
import type { PeopleState } from "../canvas/FlowContext";
import { StepIcon } from "../canvas/StepIcon";
import type { Definition } from "../model/definition";
import { inOrder } from "../model/graph";

type Props = {
  definition: Definition;
  said: Said;
  flow: Flow | null;
  onPeople: (node: string, state: PeopleState) => void;
  onShow?: (id: string) => void;
  titleOf: (id: string) => string;
};

/** The same journey as a list that can be read from top to bottom: on a phone, on paper, and by a screen reader. */
export function StepList({ definition, said, flow, onPeople, onShow, titleOf }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const live = reached(definition);
  return (
    <ol className="jlist">
      <li className="jlist-step entry">
        <p className="jcard-head">
          <StepIcon kind="entry" group="entry" />
          <strong>{said.entry.title}</strong>
        </p>
        {said.entry.lines.map((line) => (
          <p key={line} className="jcard-say">
            {line}
          </p>
        ))}
        {said.entry.faults.map((fault) => (
          <p key={fault} className="field-error">
            {fault}
          </p>
        ))}
      </li>
      {inOrder(definition).map(({ id, depth, from, edge }) => {
        const data = stepData(definition, id, said, flow, live);
        const way =
          from && edge && said.edgesOf(from).length > 1
            ? said.edgeLabel(said.steps.get(definition.nodes[from]?.step ?? ""), edge, definition.nodes[from]?.with)
            : "";
        return (
          <li key={id} className={`jlist-step ${data.group}`} style={{ marginInlineStart: Math.min(depth, 5) * 14 }}>
            {way && <p className="jlist-way small">{t("journeys.if_way", { way, from: titleOf(from as string) })}</p>}
            <p className="jcard-head">
              <StepIcon kind={data.kind} group={data.group} />
              {onShow ? (
                <button type="button" className="link" onClick={() => onShow(id)}>
                  {titleOf(id)}
                </button>
              ) : (
                <strong>{titleOf(id)}</strong>
              )}
              {!data.reachable && <em className="muted small">{t("journeys.apart")}</em>}
            </p>
            <p className="jcard-say">{data.sentence}</p>
            {data.note && <p className="jcard-note">{data.note}</p>}
            {data.faults.map((fault) => (
              <p key={fault} className="field-error">
                {fault}
              </p>
            ))}
            {data.figures && (
              <p className="jfigures">
                {(["here", "passed", "waiting", "failed"] as const).map((state) => (
                  <button
                    key={state}
                    type="button"
                    className={`jfigure ${state} num`}
                    disabled={(data.figures?.[state] ?? 0) === 0}
                    onClick={() => onPeople(id, state)}
                  >
                    {t(`journeys.figure_${state}`)} <b>{f.count(data.figures?.[state])}</b>
                  </button>
                ))}
              </p>
            )}
            {data.ways.length > 0 && (
              <ul className="jlist-ways small">
                {data.ways.map((one) => {
                  const to = definition.nodes[id]?.to?.[one.name];
                  const goal = to ? titleOf(to) : t(to === null ? "journeys.then_end" : "journeys.then_open");
                  return (
                    <li key={one.name} className={one.state}>
                      {data.ways.length > 1 ? `${one.label} → ${goal}` : `→ ${goal}`}
                      {one.passed !== null && <span className="num muted"> {f.count(one.passed)}</span>}
                    </li>
                  );
                })}
              </ul>
            )}
          </li>
        );
      })}
    </ol>
  );
}
