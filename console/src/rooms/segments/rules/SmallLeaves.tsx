import { Checkbox, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { LifecycleRule, ListRule, QualityRule, RfmRule, SegmentRule, Stage, TagRule } from "@/api/types";
import { useFormat } from "@/ui/useFormat";
import { Choice, Choices } from "./Choice";
import { useRules } from "./context";

type Props<R> = { rule: R; put: (rule: R, field?: string) => void };

export function TagLeaf({ rule, put }: Props<TagRule>) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary } = useRules();
  const ops = (["any_of", "all_of", "none_of", "untagged"] as const).map((op) => ({
    value: op,
    label: t(`segments.tag_${op}`),
  }));
  const options = vocabulary.tags.map((tag) => ({ value: tag.tag, label: `${tag.tag} · ${f.count(tag.count)}` }));
  const change = (op: TagRule["op"]) =>
    put(op === "untagged" ? { kind: "tag", op } : { ...rule, op, tags: rule.tags ?? [] });
  return (
    <>
      <Choice label={t("segments.op")} value={rule.op} width={112} options={ops} onChange={change} />
      {rule.op !== "untagged" && (
        <Choices
          label={t("segments.tags")}
          value={rule.tags ?? []}
          options={options}
          onChange={(tags) => put({ ...rule, tags: tags.map(String) }, "tags")}
        />
      )}
    </>
  );
}

const SCORES = [1, 2, 3, 4, 5];

export function RfmLeaf({ rule, put }: Props<RfmRule>) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  return (
    <>
      {(["r", "f", "m"] as const).map((axis) => (
        <span key={axis} className="row tight">
          <span>{t(`segments.rfm_${axis}`)}</span>
          <Select
            mode="multiple"
            aria-label={t(`segments.rfm_${axis}`)}
            placeholder={t("segments.any")}
            value={rule[axis] ?? []}
            disabled={disabled}
            options={SCORES.map((score) => ({ value: score, label: String(score) }))}
            onChange={(scores: number[]) =>
              put({ ...rule, [axis]: scores.length ? scores.toSorted() : undefined }, axis)
            }
            style={{ minWidth: 104 }}
          />
        </span>
      ))}
    </>
  );
}

export function LifecycleLeaf({ rule, put }: Props<LifecycleRule>) {
  const { t } = useTranslation();
  const f = useFormat();
  const { vocabulary, disabled } = useRules();
  return (
    <Checkbox.Group
      aria-label={t("segments.stages")}
      value={rule.stages}
      disabled={disabled}
      onChange={(stages) => put({ ...rule, stages: stages as Stage[] })}
      options={vocabulary.stages.map((stage) => ({ value: stage.stage, label: f.label(stage.name) }))}
    />
  );
}

export function QualityLeaf({ rule, put }: Props<QualityRule>) {
  const { t } = useTranslation();
  const { disabled } = useRules();
  return (
    <>
      <Choice
        label={t("segments.quality_of")}
        value={rule.of}
        width={120}
        options={(["zombie", "deal_hunter"] as const).map((of) => ({ value: of, label: t(`segments.quality_${of}`) }))}
        onChange={(of) => put({ ...rule, of })}
      />
      <Checkbox.Group
        aria-label={t("segments.quality_verdict")}
        value={rule.is}
        disabled={disabled}
        onChange={(is) => put({ ...rule, is: is as QualityRule["is"] })}
        options={(["yes", "no", "not_known"] as const).map((one) => ({
          value: one,
          label: t(`segments.quality_verdict_${one}`),
        }))}
      />
    </>
  );
}

export function SegmentLeaf({ rule, put }: Props<SegmentRule>) {
  const { t } = useTranslation();
  const f = useFormat();
  const { segments, ownId } = useRules();
  const options = segments
    .filter((s) => s.id !== ownId)
    .map((s) => ({
      value: s.id,
      label: s.customer_count == null ? s.name : `${s.name} · ${f.count(s.customer_count)}`,
    }));
  return (
    <>
      <Choice
        label={t("segments.choose_segment")}
        value={rule.segment || undefined}
        options={options}
        onChange={(segment) => put({ ...rule, segment })}
        width={230}
        search
      />
      {rule.segment > 0 && (
        <Link to={`/segments/${rule.segment}`} target="_blank" className="small">
          {t("segments.open")}
        </Link>
      )}
    </>
  );
}

export function ListLeaf({ rule, put }: Props<ListRule>) {
  const { t } = useTranslation();
  return (
    <Choices
      label={t("segments.customer_ids")}
      value={rule.customer_ids}
      options={[]}
      free
      onChange={(ids) =>
        put({ ...rule, customer_ids: ids.map(Number).filter((id) => Number.isInteger(id) && id > 0) }, "ids")
      }
    />
  );
}
