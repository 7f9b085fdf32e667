import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Rule } from "@/api/types";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import type { StepProps } from "./step";

const segmentRule = (segment: number): Rule => ({ kind: "segment", segment });
const anyOf = (ids: number[]): Rule =>
  ids.length === 1 ? segmentRule(ids[0] as number) : { kind: "any", of: ids.map(segmentRule) };

/** The audience as one rule: in any of these, in none of those. */
export function audienceRule(include: number[], exclude: number[]): Rule {
  const inside = anyOf(include);
  return exclude.length ? { kind: "all", of: [inside, { kind: "not", of: anyOf(exclude) }] } : inside;
}

export function WhoStep({ draft, change, faultOf, locked }: StepProps) {
  const { t } = useTranslation();
  const segments = useSegments();
  const { include, exclude } = draft.plan.audience;
  const options = useMemo(
    () =>
      (segments.data?.items ?? []).map((one) => ({
        value: one.id,
        label: one.name,
        disabled: one.status === "invalid",
      })),
    [segments.data],
  );
  const set = (audience: { include: number[]; exclude: number[] }) => change({ plan: { ...draft.plan, audience } });
  return (
    <div className="stack">
      <Panel title={t("campaigns.step_who")}>
        <div className="form">
          <Field label={t("campaigns.include")} help={t("campaigns.include_help")} error={faultOf("audience.include")}>
            <Select
              mode="multiple"
              aria-label={t("campaigns.include")}
              placeholder={t("campaigns.pick_segments")}
              value={include}
              onChange={(ids: number[]) => set({ include: ids, exclude: exclude.filter((id) => !ids.includes(id)) })}
              options={options}
              optionFilterProp="label"
              disabled={locked}
            />
          </Field>
          <Field label={t("campaigns.exclude")} help={t("campaigns.exclude_help")} error={faultOf("audience.exclude")}>
            <Select
              mode="multiple"
              aria-label={t("campaigns.exclude")}
              placeholder={t("campaigns.pick_none")}
              value={exclude}
              onChange={(ids: number[]) => set({ include, exclude: ids })}
              options={options.filter((one) => !include.includes(one.value))}
              optionFilterProp="label"
              disabled={locked}
            />
          </Field>
          <p className="muted small">
            {t("campaigns.no_segment")} <Link to="/segments/new">{t("segments.new")}</Link>
          </p>
        </div>
      </Panel>
      {include.length > 0 && <Overlaps include={include} exclude={exclude} />}
    </div>
  );
}

/** How many there are now, counted when picking rests; the old number stays, greyed, until the new one is there. */
export function useAudienceCount(include: number[], exclude: number[]) {
  const key = useDebounced(JSON.stringify([include, exclude]), 250);
  const [inside, outside] = JSON.parse(key) as [number[], number[]];
  const query = useQuery({
    queryKey: ["campaigns", "audience", key],
    queryFn: ({ signal }) =>
      must(api.POST("/api/v1/segments/preview", { body: { rule: audienceRule(inside, outside), sample: 0 }, signal })),
    enabled: inside.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 30_000,
  });
  const stale = query.isPlaceholderData || query.isFetching || key !== JSON.stringify([include, exclude]);
  return { query, stale, count: include.length ? (query.data?.count ?? null) : 0 };
}

/** Each chosen segment beside the audience that comes of all of them. */
function Overlaps({ include, exclude }: { include: number[]; exclude: number[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const ids = [...include, ...exclude].slice(0, 6);
  const key = useDebounced(JSON.stringify([include, exclude]), 250);
  const query = useQuery({
    queryKey: ["campaigns", "overlap", key],
    queryFn: () =>
      must(api.POST("/api/v1/segments/overlap", { body: { rule: audienceRule(include, exclude), with: ids } })),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <Panel title={t("campaigns.overlap")} hint={t("campaigns.overlap_hint")}>
      <QueryView query={query} lines={3}>
        {(data) => (
          <ul className="overlaps">
            {data.items.map((item) => {
              const all = item.only_this_count + item.both_count + item.only_other_count || 1;
              const part = (count: number) => ({ width: `${(count / all) * 100}%` });
              return (
                <li key={item.id}>
                  <p className="row spread">
                    <strong>
                      {t(exclude.includes(item.id) ? "campaigns.out_of" : "campaigns.into", { name: item.name })}
                    </strong>
                    <span className="num">
                      {t("campaigns.overlap_both", {
                        both: f.count(item.both_count),
                        all: f.count(item.both_count + item.only_other_count),
                      })}
                    </span>
                  </p>
                  <div className="overlap-bar" aria-hidden="true">
                    <i className="this" style={part(item.only_this_count)} />
                    <i className="both" style={part(item.both_count)} />
                    <i className="other" style={part(item.only_other_count)} />
                  </div>
                </li>
              );
            })}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}
