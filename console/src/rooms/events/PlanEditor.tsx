import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, Modal, Select } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PlannedEvent, PlannedProperty } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { usePlanActs } from "./queries";

const TYPES = ["any", "text", "number", "boolean", "time", "list", "object"] as const;
const EMPTY: PlannedProperty = {
  name: "",
  type: "text",
  required: false,
  allowed: [],
  description: "",
  personal: false,
};
type Line = PlannedProperty & { key: number };

/** One event of the plan with its properties. */
export function PlanEditor({ event, isNew, close }: { event: PlannedEvent; isNew: boolean; close: () => void }) {
  const { t } = useTranslation();
  const { save } = usePlanActs();
  const [name, setName] = useState(event.name);
  const [description, setDescription] = useState(event.description ?? "");
  const next = useRef(event.properties.length);
  const [lines, setLines] = useState<Line[]>(event.properties.map((each, key) => ({ ...each, key })));
  const change = (key: number, what: Partial<PlannedProperty>) =>
    setLines((all) => all.map((each) => (each.key === key ? { ...each, ...what } : each)));
  const properties = lines.map(({ key: _, ...each }) => each);
  return (
    <Modal
      open
      title={isNew ? t("events.plan_event") : event.name}
      onCancel={close}
      width={900}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !name.trim() }}
      onOk={() => save.mutate({ name: name.trim(), description: description.trim(), properties }, { onSuccess: close })}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("events.event")} help={t("events.plan_name_help")}>
          <Input value={name} disabled={!isNew} maxLength={200} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("events.description")}>
          <Input value={description} maxLength={1000} onChange={(e) => setDescription(e.target.value)} />
        </Field>
        <ul className="plan-lines" aria-label={t("events.property")}>
          {lines.map((line) => (
            <li key={line.key}>
              <PropertyLine
                line={line}
                change={(what) => change(line.key, what)}
                remove={() => setLines((all) => all.filter((each) => each.key !== line.key))}
              />
            </li>
          ))}
        </ul>
        <Button
          icon={<PlusOutlined />}
          onClick={() => {
            next.current += 1;
            setLines((all) => [...all, { ...EMPTY, key: next.current }]);
          }}
        >
          {t("events.add_property")}
        </Button>
      </div>
    </Modal>
  );
}

type LineProps = { line: Line; change: (what: Partial<PlannedProperty>) => void; remove: () => void };

function PropertyLine({ line, change, remove }: LineProps) {
  const { t } = useTranslation();
  const listed = line.type === "text" || line.type === "number" || line.type === "any";
  return (
    <div className="plan-line">
      <Input
        value={line.name}
        maxLength={200}
        placeholder={t("events.property")}
        aria-label={t("events.property")}
        onChange={(e) => change({ name: e.target.value.trim() })}
      />
      <Select
        value={line.type ?? "any"}
        aria-label={t("events.types")}
        onChange={(type) => change({ type, allowed: [] })}
        options={TYPES.map((value) => ({ value, label: t(`events.type_${value}`) }))}
      />
      <Select
        mode="tags"
        disabled={!listed}
        value={(line.allowed ?? []).map(String)}
        aria-label={t("events.allowed")}
        placeholder={t("events.allowed")}
        tokenSeparators={["|"]}
        open={false}
        suffixIcon={null}
        onChange={(values: string[]) => change({ allowed: line.type === "number" ? numbers(values) : values })}
      />
      <Input
        value={line.description}
        maxLength={500}
        placeholder={t("events.description")}
        aria-label={t("events.description")}
        onChange={(e) => change({ description: e.target.value })}
      />
      <span className="row">
        <Checkbox checked={line.required} onChange={(e) => change({ required: e.target.checked })}>
          {t("events.required")}
        </Checkbox>
        <Checkbox checked={line.personal} onChange={(e) => change({ personal: e.target.checked })}>
          {t("events.personal")}
        </Checkbox>
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t("events.remove_property", { name: line.name })}
          onClick={remove}
        />
      </span>
    </div>
  );
}

const numbers = (values: string[]) => values.map(Number).filter((value) => !Number.isNaN(value));
