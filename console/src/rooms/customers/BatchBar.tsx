import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import type { ListState } from "./address";
import { useTags } from "./queries";

type Props = { state: ListState; selected: Set<string | number>; total: number | null; onDone: () => void };

/** What can be done with the chosen people, or with all the list finds. */
export function BatchBar({ state, selected, total, onDone }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const [scope, setScope] = useState<"chosen" | "all" | null>(null);
  // A free-text search has no rule the tagging call could take, so then only chosen rows can be tagged.
  const allPossible = state.q === "" && total !== null;
  if (selected.size === 0) return null;
  return (
    <section className="batch" aria-label={t("customers.batch")}>
      <strong className="num">{t("customers.chosen", { n: f.count(selected.size) })}</strong>
      <Button type="primary" size="small" onClick={() => setScope("chosen")}>
        {t("customers.tag_chosen")}
      </Button>
      {allPossible && (
        <Button size="small" onClick={() => setScope("all")}>
          {t("customers.tag_all", { n: f.count(total) })}
        </Button>
      )}
      <Button size="small" type="text" onClick={onDone}>
        {t("customers.unchoose")}
      </Button>
      {scope && (
        <TagModal
          state={state}
          ids={scope === "chosen" ? [...selected].map(Number) : null}
          count={scope === "chosen" ? selected.size : (total ?? 0)}
          onClose={() => setScope(null)}
          onDone={onDone}
        />
      )}
    </section>
  );
}

type ModalProps = { state: ListState; ids: number[] | null; count: number; onClose: () => void; onDone: () => void };

function TagModal({ state, ids, count, onClose, onDone }: ModalProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const client = useQueryClient();
  const tags = useTags();
  const [add, setAdd] = useState<string[]>([]);
  const [remove, setRemove] = useState<string[]>([]);
  const options = (tags.data?.items ?? []).map((tag) => ({
    value: tag.tag,
    label: `${tag.tag} · ${f.count(tag.customer_count)}`,
  }));
  const change = useMutation({
    mutationFn: () => {
      const whom = ids
        ? { customer_ids: ids }
        : {
            filter: state.filter ?? (state.segment ? undefined : { kind: "everyone" as const }),
            segment: state.segment ?? undefined,
          };
      return must(api.POST("/api/v1/customers/tags", { body: { ...whom, add, remove } }));
    },
    onSuccess: (result) => {
      void message.success(t("customers.tagged", { n: f.count(result.changed_count) }));
      void client.invalidateQueries({ queryKey: ["customers"] });
      onClose();
      onDone();
    },
  });
  return (
    <Modal
      open
      title={t("customers.tag_title", { n: f.count(count) })}
      onCancel={onClose}
      onOk={() => change.mutate()}
      okText={t("customers.tag_apply", { n: f.count(count) })}
      okButtonProps={{ disabled: add.length + remove.length === 0, loading: change.isPending }}
    >
      <div className="form">
        {change.error && <ProblemView error={change.error} compact />}
        <Field label={t("customers.tags_add")} help={t("customers.tags_add_help")}>
          <Select
            mode="tags"
            aria-label={t("customers.tags_add")}
            value={add}
            onChange={setAdd}
            options={options}
            tokenSeparators={[",", "，", "、"]}
          />
        </Field>
        <Field label={t("customers.tags_remove")}>
          <Select
            mode="multiple"
            aria-label={t("customers.tags_remove")}
            value={remove}
            onChange={setRemove}
            options={options}
          />
        </Field>
      </div>
    </Modal>
  );
}
