import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import type { Condition } from "../model/definition";
import { EventBox, WhereBox } from "./EventBox";
import { Group } from "./Group";
import { SegmentBox } from "./pickers";

type Kind = "event" | "segment" | "left";
type Props<T extends Condition> = {
  value: T;
  onChange: (value: T, field: string) => void;
  place: string;
  faultOf: (place: string) => string | undefined;
  disabled: boolean;
  kinds?: Kind[];
};

const KINDS: Kind[] = ["event", "segment", "left"];
const isOpen = (one: Condition): boolean => !one.event && !one.segment && !one.left;

const kindOf = (one: Condition): Kind => {
  if (one.left) return "left";
  return one.event ? "event" : "segment";
};

/** Something that happens to a person: an event, entering a segment, leaving one. What is chosen but not yet named is kept here. */
export function ConditionForm<T extends Condition>({
  value,
  onChange,
  place,
  faultOf,
  disabled,
  kinds = KINDS,
}: Props<T>) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState<Kind | null>(null);
  const kind = isOpen(value) ? (wanted ?? (kinds[0] as Kind)) : kindOf(value);
  const bare = (): T => {
    const { event: _event, where: _where, segment: _segment, left: _left, ...rest } = value;
    return rest as T;
  };
  const fault = faultOf(`${place}.${kind}`) ?? faultOf(`${place}.event`) ?? faultOf(place);
  return (
    <div className="form">
      <Segmented
        size="small"
        aria-label={t("journeys.condition_kind")}
        options={kinds.map((one) => ({ value: one, label: t(`journeys.condition_${one}`) }))}
        value={kind}
        onChange={(next) => {
          setWanted(next as Kind);
          onChange(bare(), `${place}.kind`);
        }}
        disabled={disabled}
      />
      {kind === "event" ? (
        <>
          <Field label={t("journeys.set_event")} error={fault}>
            <EventBox
              label={t("journeys.set_event")}
              value={value.event ?? ""}
              onChange={(event) => onChange(event ? { ...value, event } : bare(), `${place}.event`)}
              disabled={disabled}
            />
          </Field>
          {value.event && (
            <Group label={t("journeys.set_where")} error={faultOf(`${place}.where`)}>
              <WhereBox
                event={value.event}
                value={value.where ?? []}
                onChange={(where) => onChange({ ...value, where: where.length ? where : undefined }, `${place}.where`)}
                disabled={disabled}
              />
            </Group>
          )}
        </>
      ) : (
        <Field label={t("journeys.set_segment")} error={fault}>
          <SegmentBox
            label={t("journeys.set_segment")}
            value={(kind === "left" ? value.left : value.segment) || undefined}
            onChange={(id) => onChange(id ? { ...bare(), [kind]: id } : bare(), `${place}.${kind}`)}
            disabled={disabled}
          />
        </Field>
      )}
    </div>
  );
}
