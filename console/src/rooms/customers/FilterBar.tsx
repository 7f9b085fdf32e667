import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Rule } from "@/api/types";
import { usePreview } from "@/rooms/segments/builder/usePreview";
import { RuleEditor } from "@/rooms/segments/rules/RuleEditor";
import { closed, opened } from "@/rooms/segments/rules/tree";
import { useMay } from "@/shell/session";
import { useFormat } from "@/ui/useFormat";
import { parseRule } from "./address";

type Props = {
  rule: Rule | null;
  open: boolean;
  onOpen: (open: boolean) => void;
  onApply: (rule: Rule | null) => void;
};

/** The same rows as the segment builder, as a filter of the list. Closed, it says the filter in a sentence. */
export function FilterBar({ rule, open, onOpen, onApply }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [draft, setDraft] = useState<Rule>(() => opened(rule));
  const text = rule ? JSON.stringify(rule) : "";
  useEffect(() => setDraft(opened(parseRule(text))), [text]);
  const preview = usePreview(draft, open && may("segments.read"));
  const sentence = useQuery({
    queryKey: ["segments", "sentence", JSON.stringify(rule)],
    queryFn: () => must(api.POST("/api/v1/segments/sentence", { body: { rule: rule as Rule } })),
    enabled: rule !== null && !open && may("segments.read"),
    retry: false,
  });
  const apply = useMutation({
    mutationFn: async () => {
      const wanted = closed(draft);
      onApply(wanted.kind === "everyone" ? null : wanted);
      onOpen(false);
    },
  });
  if (!open) {
    return (
      <p className="notice pine row spread list-note">
        <span>{sentence.data ? f.label(sentence.data) : t("customers.filtered")}</span>
        <span className="row">
          <Button size="small" onClick={() => onOpen(true)}>
            {t("ui.edit")}
          </Button>
          <Button size="small" onClick={() => onApply(null)}>
            {t("customers.clear_filter")}
          </Button>
        </span>
      </p>
    );
  }
  return (
    <section className="panel filter-bar" aria-label={t("customers.filter")}>
      <RuleEditor rule={draft} onChange={setDraft} faults={preview.faults} />
      <div className="row spread">
        <span className={preview.stale ? "muted" : ""} aria-live="polite">
          {preview.data && t("customers.filter_count", { n: f.count(preview.data.count) })}
        </span>
        <span className="row">
          {may("segments.write") && (
            <Link to={`/segments/new?filter=${encodeURIComponent(JSON.stringify(closed(draft)))}`}>
              {t("customers.save_as_segment")}
            </Link>
          )}
          <Button onClick={() => onOpen(false)}>{t("ui.cancel")}</Button>
          <Button
            type="primary"
            disabled={preview.open > 0 || preview.faults.length > 0}
            onClick={() => apply.mutate()}
          >
            {t("customers.apply")}
          </Button>
        </span>
      </div>
    </section>
  );
}
