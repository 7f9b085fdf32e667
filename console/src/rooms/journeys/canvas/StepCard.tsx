import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import type { EntryCardNode, NoteCardNode, StepCardNode, Way } from "./cards";
import { type PeopleState, useFlowActs } from "./FlowContext";
import { StepIcon } from "./StepIcon";

/** A step: what it is, what it does in one line, its ways out, and how many people are where. */
export const StepCard = memo(function StepCard({ id, data, selected }: NodeProps<StepCardNode>) {
  const { t } = useTranslation();
  const { editing } = useFlowActs();
  const state = `${selected ? " on" : ""}${data.faults.length ? " faulty" : ""}${data.reachable ? "" : " apart"}`;
  return (
    <div className={`jcard ${data.group}${state}`} data-step={data.kind}>
      <Handle type="target" position={Position.Top} isConnectable={editing} className="jport in" />
      <p className="jcard-head">
        <StepIcon kind={data.kind} group={data.group} />
        <strong>{data.label}</strong>
        {data.faults.length > 0 && (
          <span className="jcard-fault" title={data.faults.join("\n")}>
            <span aria-hidden="true">!</span>
            <span className="visually-hidden">{t("journeys.faults_n", { count: data.faults.length })}</span>
          </span>
        )}
      </p>
      <p className="jcard-say">{data.sentence}</p>
      {data.note && <p className="jcard-note">{data.note}</p>}
      {data.figures && <CardFigures id={id} data={data} />}
      {data.ways.length > 0 && (
        <div className="jways">
          {data.ways.map((way) => (
            <WayPort key={way.name} way={way} alone={data.ways.length === 1} editing={editing} />
          ))}
        </div>
      )}
    </div>
  );
});

function WayPort({ way, alone, editing }: { way: Way; alone: boolean; editing: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <span className={`jway ${way.state}`}>
      {(!alone || way.state !== "leads") && (
        <span className="jway-name">
          {alone ? "" : way.label}
          {way.state === "end" && <em>{t("journeys.way_end")}</em>}
          {way.state === "open" && <em>{t("journeys.way_open")}</em>}
        </span>
      )}
      {way.state === "end" && way.passed !== null && way.passed > 0 && (
        <span className="num jway-count">{f.short(way.passed)}</span>
      )}
      <Handle
        type="source"
        id={way.name}
        position={Position.Bottom}
        isConnectable={editing}
        className={`jport out ${way.state}`}
      />
    </span>
  );
}

function CardFigures({ id, data }: { id: string; data: StepCardNode["data"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { openPeople } = useFlowActs();
  const figures = data.figures as NonNullable<typeof data.figures>;
  const shown: [PeopleState, number, boolean][] = [
    ["here", figures.here, true],
    ["passed", figures.passed, true],
    ["waiting", figures.waiting, figures.waiting > 0],
    ["failed", figures.failed, figures.failed > 0],
  ];
  return (
    <p className="jfigures">
      {shown
        .filter(([, , show]) => show)
        .map(([state, count]) => (
          <button
            key={state}
            type="button"
            className={`jfigure ${state} nodrag nopan num`}
            onClick={(event) => {
              event.stopPropagation();
              openPeople(id, state);
            }}
            title={t(`journeys.figure_${state}_hint`)}
          >
            {t(`journeys.figure_${state}`)} <b>{f.short(count)}</b>
          </button>
        ))}
    </p>
  );
}

/** Who comes in, and what it is for. */
export const EntryCard = memo(function EntryCard({ data, selected }: NodeProps<EntryCardNode>) {
  const { t } = useTranslation();
  const f = useFormat();
  const { editing } = useFlowActs();
  return (
    <div className={`jcard entry${selected ? " on" : ""}${data.faults.length ? " faulty" : ""}`}>
      <p className="jcard-head">
        <StepIcon kind="entry" group="entry" />
        <strong>{data.title}</strong>
        {data.entered !== null && (
          <span className="num jcard-entered">{t("journeys.entered_n", { n: f.short(data.entered) })}</span>
        )}
        {data.faults.length > 0 && (
          <span className="jcard-fault" title={data.faults.join("\n")}>
            <span aria-hidden="true">!</span>
            <span className="visually-hidden">{t("journeys.faults_n", { count: data.faults.length })}</span>
          </span>
        )}
      </p>
      {data.lines.map((line) => (
        <p key={line} className="jcard-say">
          {line}
        </p>
      ))}
      <Handle
        type="source"
        id="start"
        position={Position.Bottom}
        isConnectable={editing}
        className={`jport out ${data.hasStart ? "leads" : "open"}`}
      />
    </div>
  );
});

export const NoteCard = memo(function NoteCard({ data, selected }: NodeProps<NoteCardNode>) {
  const { t } = useTranslation();
  return <div className={`jnote${selected ? " on" : ""}`}>{data.text || t("journeys.note_empty")}</div>;
});
