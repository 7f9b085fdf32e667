import { Checkbox, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { EventWhere, Rule } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import type { Values } from "../model/definition";
import type { Picker, Schema } from "../model/schema";
import { DurationBox } from "./DurationBox";
import { EventBox, RuleBox, WhereBox } from "./EventBox";
import {
  AccountBox,
  CouponBox,
  JoinWayBox,
  JourneyBox,
  NodeBox,
  PieceBox,
  SegmentBox,
  StoreBox,
  SurveyBox,
  TagsBox,
  TraitBox,
} from "./pickers";
import { type SettingProps, useSettingWords } from "./SchemaForm";
import { CarriersBox, ClockBox, DateBox, DateFieldBox, MapBox, WeekdaysBox } from "./smallBoxes";

type Props = Omit<SettingProps, "needed"> & { nullable: boolean; picker: Picker; label: string };

/** The control of one setting. What is not set shows what the step takes by itself. */
export function Control({ name, schema, value: own, picker, label, nullable, onChange, disabled, defs, event }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const words = useSettingWords();
  const value = own === undefined ? schema.default : own;
  const number = typeof value === "number" ? value : undefined;
  const text = typeof value === "string" ? value : "";
  const list = Array.isArray(value) ? (value as (string | number)[]) : [];
  const shared = { label, disabled };
  const numeric = { min: schema.minimum ?? schema.exclusiveMinimum, max: schema.maximum };
  /** Emptied: nothing where that is an answer, else as if it had never been set. */
  const put = (next: unknown) =>
    onChange(next === null || next === undefined || next === "" ? (nullable ? null : undefined) : next);
  switch (picker) {
    case "segment":
      return <SegmentBox {...shared} value={number} onChange={put} />;
    case "segments":
      return <SegmentBox {...shared} many value={list.map(Number)} onChange={onChange} />;
    case "piece":
      return <PieceBox {...shared} value={number} onChange={put} />;
    case "tag":
      return <TagsBox {...shared} one value={text ? [text] : []} onChange={(tags) => put(tags.at(-1))} />;
    case "tags":
      return <TagsBox {...shared} value={list.map(String)} onChange={onChange} />;
    case "account":
      return <AccountBox {...shared} value={number} onChange={put} />;
    case "accounts":
      return (
        <AccountBox
          {...shared}
          many
          value={list.map(Number)}
          onChange={(ids) => onChange(nullable && !(ids as number[]).length ? null : ids)}
        />
      );
    case "journey":
      return <JourneyBox {...shared} value={number} onChange={put} />;
    case "coupon":
      return <CouponBox {...shared} value={number || undefined} onChange={put} />;
    case "join_way":
      return <JoinWayBox {...shared} value={number || undefined} onChange={put} />;
    case "survey":
      return <SurveyBox {...shared} value={number || undefined} onChange={put} />;
    case "store":
      return <StoreBox {...shared} value={number} onChange={put} />;
    case "weekdays":
      return <WeekdaysBox {...shared} value={list.map(Number)} onChange={onChange} />;
    case "date_of":
      return <DateFieldBox {...shared} value={text} onChange={put} />;
    case "scalar":
      return (
        <Input
          aria-label={label}
          value={value === null || value === undefined ? "" : String(value)}
          onChange={(event) => put(scalar(event.target.value))}
          disabled={disabled}
        />
      );
    case "percent":
      return (
        <InputNumber
          aria-label={label}
          value={number}
          {...numeric}
          suffix="%"
          onChange={put}
          disabled={disabled}
          style={{ width: 120 }}
        />
      );
    case "trait":
      return <TraitBox {...shared} value={number} onChange={put} />;
    case "node":
      return <NodeBox {...shared} value={text || undefined} onChange={put} />;
    case "event":
      return <EventBox {...shared} value={text} onChange={put} />;
    case "where":
      return <WhereBox disabled={disabled} value={(value as EventWhere[]) ?? []} event={event} onChange={onChange} />;
    case "rule":
      return <RuleBox {...shared} value={(value as Rule | undefined) ?? null} onChange={put} />;
    case "seconds":
    case "minutes":
    case "hours":
    case "days":
      return <DurationBox {...shared} unit={picker} value={number} onChange={put} {...numeric} />;
    case "at":
      return <ClockBox {...shared} value={text} onChange={put} />;
    case "date":
      return <DateBox {...shared} value={text} onChange={put} />;
    case "carriers":
      return <CarriersBox disabled={disabled} value={list.map(String)} onChange={onChange} />;
    case "carrier":
      return <CarriersBox one disabled={disabled} value={text ? [text] : []} onChange={(some) => put(some.at(-1))} />;
    case "map":
      return <MapBox disabled={disabled} value={(value as Values) ?? {}} onChange={onChange} />;
    case "boolean":
      return (
        <Checkbox checked={Boolean(value)} onChange={(event) => onChange(event.target.checked)} disabled={disabled}>
          {label}
        </Checkbox>
      );
    case "choice":
    case "choices":
      return (
        <Select
          mode={picker === "choices" ? "multiple" : undefined}
          aria-label={label}
          value={picker === "choices" ? list : ((value ?? undefined) as string | number | undefined)}
          allowClear={nullable}
          placeholder={t("journeys.choose")}
          onChange={(next) => (picker === "choices" ? onChange(next) : put(next))}
          options={optionsOf(schema, picker, (one) => words.word(schema, name, one))}
          disabled={disabled}
          style={{ width: "100%" }}
        />
      );
    case "rate":
    case "fen":
    case "number": {
      const scale = picker === "rate" ? 100 : picker === "fen" ? 0.01 : 1;
      return (
        <InputNumber
          aria-label={label}
          value={number === undefined ? undefined : Number((number * scale).toFixed(4))}
          min={numeric.min === undefined ? undefined : numeric.min * scale}
          max={numeric.max === undefined ? undefined : numeric.max * scale}
          precision={schema.type === "integer" && picker === "number" ? 0 : undefined}
          prefix={picker === "fen" ? f.symbol : undefined}
          suffix={picker === "rate" ? "%" : undefined}
          placeholder={nullable ? t("journeys.no_limit") : undefined}
          onChange={(next) => put(next === null ? null : rounded(Number(next) / scale, picker))}
          disabled={disabled}
          style={{ width: 150 }}
        />
      );
    }
    case "lines":
      return (
        <Select
          mode="tags"
          aria-label={label}
          value={list}
          tokenSeparators={[",", "，", "、"]}
          onChange={(next: (string | number)[]) =>
            onChange(itemsAre(schema, "integer", defs) ? next.map(Number).filter(Number.isFinite) : next)
          }
          disabled={disabled}
          placeholder={t("journeys.type_and_enter")}
          style={{ width: "100%" }}
        />
      );
    case "text":
      return (
        <Input.TextArea
          aria-label={label}
          value={text}
          maxLength={schema.maxLength}
          autoSize={{ minRows: 2, maxRows: 10 }}
          onChange={(event) => put(event.target.value)}
          disabled={disabled}
        />
      );
    default:
      return (
        <Input
          aria-label={label}
          value={typeof value === "string" || typeof value === "number" ? String(value) : ""}
          maxLength={schema.maxLength}
          onChange={(event) => put(event.target.value)}
          disabled={disabled}
        />
      );
  }
}

function optionsOf(schema: Schema, picker: Picker, word: (value: string | number | null) => string) {
  const values = picker === "choices" ? ((schema.items || {}) as Schema).enum : schema.enum;
  return (values ?? [])
    .filter((one) => one !== null)
    .map((one) => ({ value: one as string | number, label: word(one) }));
}

const rounded = (value: number, picker: Picker): number =>
  picker === "fen" ? Math.round(value) : Number(value.toFixed(6));

const itemsAre = (schema: Schema, type: string, defs: Record<string, Schema>): boolean => {
  const items = (schema.items || {}) as Schema;
  const found = items.$ref ? defs[items.$ref.split("/").at(-1) as string] : items;
  return found?.type === type;
};

/** What is typed as a number is one. */
const scalar = (typed: string): string | number => (/^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed);
