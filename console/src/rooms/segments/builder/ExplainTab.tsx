import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CustomerRow, Explanation, Rule } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { closed } from "../rules/tree";

/** Does this person match, and why: every condition with what was seen and when it will turn. */
export function ExplainTab({ rule, ready, sample }: { rule: Rule; ready: boolean; sample: CustomerRow[] | undefined }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [typed, setTyped] = useState("");
  const [who, setWho] = useState<number | null>(null);
  const q = useDebounced(typed.trim(), 250);
  const text = useDebounced(JSON.stringify(closed(rule)), 300);
  const people = useQuery({
    queryKey: ["customers", "pick", q],
    queryFn: () => must(api.GET("/api/v1/customers", { params: { query: { q, limit: 8 } } })),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  const query = useQuery({
    queryKey: ["segments", "explain", text, who],
    queryFn: () =>
      must(
        api.POST("/api/v1/segments/explain", { body: { rule: JSON.parse(text) as Rule, customer_id: who as number } }),
      ),
    enabled: ready && who !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const rows = q ? (people.data?.items ?? []) : (sample ?? []);
  const options = rows.map((row) => ({
    value: row.id,
    label: [row.name || `#${row.id}`, row.city, row.phone_masked].filter(Boolean).join(" · "),
  }));
  return (
    <div className="stack">
      <Select
        showSearch={{ filterOption: false, onSearch: setTyped }}
        aria-label={t("segments.explain_who")}
        placeholder={t("segments.explain_who")}
        value={who}
        onChange={setWho}
        options={options}
        loading={people.isFetching}
        notFoundContent={t("segments.explain_type")}
      />
      {who === null || !ready ? (
        <p className="muted small">{t("segments.explain_hint")}</p>
      ) : (
        <QueryView query={query}>
          {(data) => (
            <>
              <p className="row">
                <Chip tone={data.member ? "pine" : "cinnabar"}>
                  {t(data.member ? "segments.member_yes" : "segments.member_no")}
                </Chip>
                {data.next_flip_at && (
                  <span className="small muted">{t("segments.next_flip", { at: f.time(data.next_flip_at) })}</span>
                )}
              </p>
              <ExplainTree node={data.tree} />
            </>
          )}
        </QueryView>
      )}
    </div>
  );
}

function ExplainTree({ node }: { node: Explanation }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className={node.value ? "explain yes" : "explain no"}>
      <p>
        <b aria-hidden="true">{node.value ? "✓" : "✕"}</b>
        <span className="visually-hidden">{t(node.value ? "segments.true" : "segments.false")}</span>{" "}
        {f.label(node.sentence)}
      </p>
      {(node.observed || node.flips_at) && (
        <p className="small muted">
          {node.observed && t("segments.observed", { value: node.observed })}
          {node.flips_at && ` · ${t("segments.flips", { at: f.time(node.flips_at) })}`}
        </p>
      )}
      {node.children?.map((child, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: conditions keep their order
        <ExplainTree key={index} node={child} />
      ))}
    </div>
  );
}
