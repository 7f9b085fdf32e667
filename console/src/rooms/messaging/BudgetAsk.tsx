import { Button, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { type Terms, usePropose } from "./budgetQueries";

const START: Terms = { weeks: 26, margin_rate: 0.5, lost_fen: null, worth_fen: 0, least: 1, per_person: null };

/** On what terms budgets are worked out. Everything has a value that can be left as it is. */
export function BudgetAsk({ terms, first }: { terms?: Terms; first?: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const propose = usePropose();
  const [draft, setDraft] = useState<Terms | null>(null);
  const set = (change: Partial<Terms>) => setDraft((before) => before && { ...before, ...change });
  const yuan = (fen: number | null) => (fen === null ? null : fen / 100);
  const fen = (value: number | null) => (value === null ? null : Math.round(value * 100));
  return (
    <>
      <Button type={first ? "primary" : "default"} onClick={() => setDraft(terms ?? START)}>
        {t(first ? "messaging.work_out" : "messaging.work_out_again")}
      </Button>
      <Modal
        open={draft !== null}
        title={t("messaging.work_out")}
        okText={t("messaging.work_out")}
        cancelText={t("ui.cancel")}
        confirmLoading={propose.isPending}
        onCancel={() => setDraft(null)}
        onOk={() => draft && propose.mutate(draft, { onSuccess: () => setDraft(null) })}
      >
        {draft && (
          <div className="form">
            <p className="muted">{t("messaging.work_out_hint")}</p>
            <Field label={t("messaging.term_weeks")}>
              <Select
                value={draft.weeks}
                aria-label={t("messaging.term_weeks")}
                onChange={(weeks) => set({ weeks })}
                options={[8, 12, 26, 52].map((value) => ({ value, label: t("messaging.weeks_n", { n: value }) }))}
              />
            </Field>
            <Field label={t("messaging.term_margin")} help={t("messaging.term_margin_help")}>
              <InputNumber
                min={1}
                max={100}
                value={Math.round((draft.margin_rate ?? 1) * 100)}
                suffix="%"
                onChange={(value) => set({ margin_rate: (value ?? 100) / 100 })}
              />
            </Field>
            <Field label={t("messaging.term_lost")} help={t("messaging.term_lost_help")}>
              <InputNumber
                className="budget-term"
                min={0}
                value={yuan(draft.lost_fen ?? null)}
                prefix={f.symbol}
                placeholder={t("messaging.term_lost_auto")}
                onChange={(value) => set({ lost_fen: fen(value) })}
              />
            </Field>
            <Field label={t("messaging.term_least")} help={t("messaging.term_least_help")}>
              <InputNumber min={0} max={7} value={draft.least} onChange={(value) => set({ least: value ?? 0 })} />
            </Field>
            <Field label={t("messaging.term_volume")} help={t("messaging.term_volume_help")}>
              <InputNumber
                className="budget-term"
                min={draft.least}
                max={7}
                step={0.1}
                value={draft.per_person}
                placeholder={t("messaging.term_volume_none")}
                onChange={(value) => set({ per_person: value })}
              />
            </Field>
            {propose.error && <ProblemView error={propose.error} compact />}
          </div>
        )}
      </Modal>
    </>
  );
}
