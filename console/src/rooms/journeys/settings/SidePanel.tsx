import { CopyOutlined, DeleteOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { JourneyStep } from "@/api/types";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { NOTE, type Said } from "../canvas/cards";
import { StepIcon } from "../canvas/StepIcon";
import type { Definition } from "../model/definition";
import { changed, connected, withNotes } from "../model/graph";
import type { Schema } from "../model/schema";
import { resolved } from "../model/schema";
import { SchemaForm } from "./SchemaForm";

type Change = (change: (now: Definition) => Definition, field?: string) => void;
export type PanelProps = {
  definition: Definition;
  change: Change;
  said: Said;
  faultOf: (place: string) => string | undefined;
  disabled: boolean;
  titleOf: (id: string) => string;
};

const END = "__end";

/** What the chosen step does, and where its ways lead: everything that can be drawn can also be done here, by keyboard. */
export function StepPanel({ id, step, ...props }: PanelProps & { id: string; step: JourneyStep | undefined }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { definition, change, said, faultOf, disabled } = props;
  const node = definition.nodes[id];
  if (!node) return null;
  const root = (step?.settings_schema ?? {}) as Schema;
  const { schema } = resolved(root, root.$defs);
  const own = faultOf(`nodes.${id}`) ?? faultOf(`nodes.${id}.step`);
  const whole = faultOf(`nodes.${id}.with`);
  return (
    <div className="jpanel">
      <header className="jpanel-head">
        <StepIcon kind={node.step} group={step?.group ?? "flow"} />
        <div>
          <h2>{said.stepLabel(step, node.step)}</h2>
          <p className="muted small">{step ? f.label(step.description) : t("journeys.step_unknown")}</p>
        </div>
      </header>
      {own && <p className="field-error">{own}</p>}
      {whole && <p className="field-error">{whole}</p>}
      <SchemaForm
        schema={schema}
        defs={root.$defs ?? {}}
        values={node.with ?? {}}
        place={`nodes.${id}.with`}
        faultOf={faultOf}
        onChange={(values, field) => change((now) => changed(now, id, { with: values }), field)}
        disabled={disabled}
      />
      <Ways id={id} step={step} {...props} />
      <Field label={t("journeys.note")}>
        <Input.TextArea
          value={node.note ?? ""}
          maxLength={2000}
          autoSize={{ minRows: 1, maxRows: 6 }}
          placeholder={t("journeys.note_hint")}
          onChange={(event) => change((now) => changed(now, id, { note: event.target.value }), `note ${id}`)}
          disabled={disabled}
        />
      </Field>
    </div>
  );
}

function Ways({
  id,
  step,
  definition,
  change,
  said,
  faultOf,
  disabled,
  titleOf,
}: PanelProps & { id: string; step: JourneyStep | undefined }) {
  const { t } = useTranslation();
  const names = said.edgesOf(id);
  if (names.length === 0) return null;
  const others = Object.keys(definition.nodes)
    .filter((other) => other !== id)
    .map((other) => ({ value: other, label: titleOf(other) }));
  return (
    <fieldset className="jset-group">
      <legend>{t("journeys.then")}</legend>
      {names.map((name) => {
        const to = definition.nodes[id]?.to?.[name];
        const label =
          names.length === 1 ? t("journeys.then_next") : said.edgeLabel(step, name, definition.nodes[id]?.with);
        return (
          <Field key={name} label={label} error={faultOf(`nodes.${id}.to.${name}`)}>
            <Select
              aria-label={label}
              showSearch={{ optionFilterProp: "label" }}
              allowClear
              placeholder={t("journeys.then_open")}
              value={to === undefined ? undefined : to === null ? END : to}
              onChange={(next: string | undefined) =>
                change((now) => connected(now, id, name, next === END ? null : next))
              }
              options={[{ value: END, label: t("journeys.then_end") }, ...others]}
              disabled={disabled}
            />
          </Field>
        );
      })}
    </fieldset>
  );
}

export function NotePanel({
  place,
  definition,
  change,
  disabled,
}: {
  place: number;
  definition: Definition;
  change: Change;
  disabled: boolean;
}) {
  const { t } = useTranslation();
  const notes = definition.notes ?? [];
  return (
    <div className="jpanel">
      <h2>{t("journeys.note")}</h2>
      <Input.TextArea
        aria-label={t("journeys.note")}
        value={notes[place]?.text ?? ""}
        maxLength={2000}
        autoSize={{ minRows: 4, maxRows: 14 }}
        placeholder={t("journeys.note_canvas_hint")}
        onChange={(event) =>
          change(
            (now) =>
              withNotes(
                now,
                (now.notes ?? []).map((one, at) => (at === place ? { ...one, text: event.target.value } : one)),
              ),
            `${NOTE}${place}`,
          )
        }
        disabled={disabled}
      />
    </div>
  );
}

export function ManyPanel({
  count,
  onCopy,
  onRemove,
  disabled,
}: {
  count: number;
  onCopy: () => void;
  onRemove: () => void;
  disabled: boolean;
}) {
  const { t } = useTranslation();
  return (
    <div className="jpanel">
      <h2>{t("journeys.chosen_n", { count })}</h2>
      {!disabled && (
        <div className="row">
          <Button icon={<CopyOutlined />} onClick={onCopy}>
            {t("journeys.duplicate")}
          </Button>
          <Button danger icon={<DeleteOutlined />} onClick={onRemove}>
            {t("ui.delete")}
          </Button>
        </div>
      )}
      <p className="muted small">{t("journeys.chosen_hint")}</p>
    </div>
  );
}
