import { Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import type { Audience } from "./queries";

const numbers = (typed: string) =>
  typed
    .split(/[\s,,、;;]+/)
    .filter(Boolean)
    .map(Number);

export const isChosen = (who: Audience) => who.segment_id !== undefined || (who.customer_ids?.length ?? 0) > 0;

/** A segment, or customers by number. */
export function AudienceField({ value, onChange }: { value: Audience; onChange: (value: Audience) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const segments = useSegments();
  const [by, setBy] = useState<"segment" | "people">(value.customer_ids ? "people" : "segment");
  const [typed, setTyped] = useState((value.customer_ids ?? []).join(" "));
  const wrong = numbers(typed).some((one) => !Number.isSafeInteger(one) || one < 1);
  return (
    <div className="stack">
      <Segmented
        aria-label={t("loyalty.to_whom")}
        value={by}
        onChange={(next) => {
          setBy(next);
          onChange({});
        }}
        options={(["segment", "people"] as const).map((key) => ({ value: key, label: t(`loyalty.to_${key}`) }))}
      />
      {by === "segment" ? (
        <Field label={t("loyalty.segment")}>
          <Select
            aria-label={t("loyalty.segment")}
            showSearch={{ optionFilterProp: "label" }}
            value={value.segment_id}
            onChange={(segment_id) => onChange({ segment_id })}
            placeholder={t("loyalty.choose_segment")}
            options={(segments.data?.items ?? []).map((one) => ({
              value: one.id,
              label: `${one.name}(${f.count(one.customer_count)})`,
            }))}
          />
        </Field>
      ) : (
        <Field
          label={t("loyalty.people")}
          help={t("loyalty.people_help")}
          error={wrong ? t("loyalty.people_wrong") : null}
        >
          <Input
            value={typed}
            onChange={(e) => {
              setTyped(e.target.value);
              const found = numbers(e.target.value);
              onChange({ customer_ids: found.every((one) => Number.isSafeInteger(one) && one > 0) ? found : [] });
            }}
          />
        </Field>
      )}
    </div>
  );
}
