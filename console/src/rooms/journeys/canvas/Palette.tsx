import { FileTextOutlined } from "@ant-design/icons";
import type { DragEvent } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyStep } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import { GROUPS } from "../words";
import { StepIcon } from "./StepIcon";

export const DRAGGED = "application/x-siyu-step";
export const NOTE_KIND = "note:";

type Props = { steps: JourneyStep[]; onAdd: (kind: string) => void; where: string };

/** Every kind of step: dragged onto the canvas, or chosen by click or key, which puts it behind the step that is chosen. */
export function Palette({ steps, onAdd, where }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const drag = (kind: string) => (event: DragEvent) => {
    event.dataTransfer.setData(DRAGGED, kind);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <aside className="jpalette" aria-label={t("journeys.palette")}>
      <p className="jpalette-where small">{where}</p>
      {GROUPS.map((group) => {
        const kinds = steps.filter((step) => step.group === group);
        if (kinds.length === 0) return null;
        return (
          <div key={group} className="jpalette-group">
            <h2>{t(`journeys.group_${group}`)}</h2>
            <ul>
              {kinds.map((step) => (
                <li key={step.kind}>
                  <button
                    type="button"
                    className="jpalette-step"
                    draggable
                    onDragStart={drag(step.kind)}
                    onClick={() => onAdd(step.kind)}
                    title={f.label(step.description)}
                  >
                    <StepIcon kind={step.kind} group={step.group} />
                    {f.label(step.label)}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
      <div className="jpalette-group">
        <h2>{t("journeys.group_canvas")}</h2>
        <button
          type="button"
          className="jpalette-step"
          draggable
          onDragStart={drag(NOTE_KIND)}
          onClick={() => onAdd(NOTE_KIND)}
        >
          <span className="jicon note" aria-hidden="true">
            <FileTextOutlined />
          </span>
          {t("journeys.note")}
        </button>
      </div>
    </aside>
  );
}
