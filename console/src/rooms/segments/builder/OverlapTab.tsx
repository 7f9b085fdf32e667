import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Overlap, Rule } from "@/api/types";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { useSegments } from "../rules/RuleEditor";
import { closed } from "../rules/tree";

export function OverlapTab({ rule, ready, ownId }: { rule: Rule; ready: boolean; ownId?: number }) {
  const { t } = useTranslation();
  const segments = useSegments();
  const others = useMemo(
    () => (segments.data?.items ?? []).filter((s) => s.id !== ownId && s.status !== "invalid"),
    [segments.data, ownId],
  );
  const [chosen, setChosen] = useState<number[] | null>(null);
  const ids = chosen ?? others.slice(0, 3).map((s) => s.id);
  const text = useDebounced(JSON.stringify(closed(rule)), 300);
  const query = useQuery({
    queryKey: ["segments", "overlap", text, ids],
    queryFn: () => must(api.POST("/api/v1/segments/overlap", { body: { rule: JSON.parse(text) as Rule, with: ids } })),
    enabled: ready && ids.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (segments.data && others.length === 0) return <p className="muted small">{t("segments.overlap_none")}</p>;
  return (
    <div className="stack">
      <Select
        mode="multiple"
        aria-label={t("segments.overlap_with")}
        placeholder={t("segments.overlap_with")}
        value={ids}
        maxCount={6}
        onChange={setChosen}
        options={others.map((s) => ({ value: s.id, label: s.name }))}
        optionFilterProp="label"
      />
      {ready && ids.length > 0 ? (
        <QueryView query={query}>{(data) => <OverlapBars data={data} />}</QueryView>
      ) : (
        <p className="muted small">{t("segments.sample_wait")}</p>
      )}
    </div>
  );
}

/** Both circles as one bar: only here, in both, only there. */
function OverlapBars({ data }: { data: Overlap }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="overlaps">
      {data.items.map((item) => {
        const all = item.only_this_count + item.both_count + item.only_other_count || 1;
        const part = (count: number) => ({ width: `${(count / all) * 100}%` });
        return (
          <li key={item.id}>
            <p className="row spread">
              <strong>{item.name}</strong>
              <span className="num">{t("segments.overlap_both", { n: f.count(item.both_count) })}</span>
            </p>
            <div className="overlap-bar" aria-hidden="true">
              <i className="this" style={part(item.only_this_count)} />
              <i className="both" style={part(item.both_count)} />
              <i className="other" style={part(item.only_other_count)} />
            </div>
            <p className="row spread small muted num">
              <span>{t("segments.overlap_only_here", { n: f.count(item.only_this_count) })}</span>
              <span>{t("segments.overlap_jaccard", { rate: f.rate(item.jaccard_rate) })}</span>
              <span>{t("segments.overlap_only_there", { n: f.count(item.only_other_count) })}</span>
            </p>
          </li>
        );
      })}
    </ul>
  );
}
