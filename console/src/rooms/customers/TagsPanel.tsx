import { CloseOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Customer } from "@/api/types";
import { useMay } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useTags } from "./queries";

export function TagsPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const client = useQueryClient();
  const fail = useFail();
  const writable = may("customers.write");
  const tags = useTags(writable);
  const change = useMutation({
    mutationFn: (by: { add: string[]; remove: string[] }) =>
      must(api.POST("/api/v1/customers/tags", { body: { customer_ids: [customer.id], ...by } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["customers"] }),
    onError: fail,
  });
  const has = new Set(customer.tags_detail.map((tag) => tag.tag));
  const options = (tags.data?.items ?? [])
    .filter((tag) => !has.has(tag.tag))
    .map((tag) => ({ value: tag.tag, label: `${tag.tag} · ${f.count(tag.customer_count)}` }));
  return (
    <Panel title={t("customers.tags")}>
      <div className="stack">
        {customer.tags_detail.length === 0 ? (
          <p className="muted">{t("customers.no_tags")}</p>
        ) : (
          <ul className="chips">
            {customer.tags_detail.map((tag) => (
              <li key={tag.tag} className="chip" title={`${tag.by} · ${f.time(tag.tagged_at)}`}>
                {tag.tag}
                {writable && (
                  <button
                    type="button"
                    className="chip-close"
                    aria-label={t("customers.tag_remove", { tag: tag.tag })}
                    onClick={() => change.mutate({ add: [], remove: [tag.tag] })}
                  >
                    <CloseOutlined />
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
        {writable && (
          <Select
            mode="tags"
            aria-label={t("customers.tags_add")}
            placeholder={t("customers.tags_add")}
            value={[]}
            options={options}
            loading={change.isPending}
            onSelect={(tag: string) => change.mutate({ add: [tag], remove: [] })}
          />
        )}
      </div>
    </Panel>
  );
}
