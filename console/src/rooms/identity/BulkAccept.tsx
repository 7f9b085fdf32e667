import { useQuery } from "@tanstack/react-query";
import { Button, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SuggestionSummary } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { decide, useDecide } from "./queries";

/** Accept all above a probability, after seeing how many they are and how often people agreed so far. */
export function BulkAccept({ reviewed }: { reviewed: SuggestionSummary["reviewed"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [open, setOpen] = useState(false);
  const [percent, setPercent] = useState(99.9);
  const asked = { decision: "accept" as const, at_least: percent / 100 };
  const count = useQuery({
    queryKey: ["identity", "bulk", percent],
    queryFn: () => decide({ ...asked, dry_run: true }),
    enabled: open,
  });
  const accept = useDecide(() => setOpen(false));
  const pairs = count.data?.suggestion_count ?? 0;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("identity.bulk")}</Button>
      <Modal
        open={open}
        title={t("identity.bulk")}
        onCancel={() => setOpen(false)}
        onOk={() => accept.mutate(asked)}
        okText={t("identity.bulk_accept", { n: f.count(pairs) })}
        okButtonProps={{ disabled: pairs === 0, loading: accept.isPending }}
      >
        <div className="form">
          {count.error && <ProblemView error={count.error} compact />}
          <Field label={t("identity.bulk_least")} help={t("identity.bulk_help")}>
            <InputNumber
              aria-label={t("identity.bulk_least")}
              min={50}
              max={100}
              step={0.1}
              suffix="%"
              value={percent}
              onChange={(value) => value && setPercent(value)}
            />
          </Field>
          <p className="num" aria-live="polite">
            {t("identity.bulk_count", { pairs: f.count(pairs), customers: f.count(count.data?.customer_count ?? 0) })}
          </p>
          <ul className="small muted">
            {reviewed.map((each) => (
              <li key={each.probability}>
                {each.precision_rate === null
                  ? t("identity.not_reviewed", { least: f.rate(each.probability, 1) })
                  : t("identity.reviewed", {
                      least: f.rate(each.probability, 1),
                      n: f.count(each.accepted_count + each.rejected_count),
                      rate: f.rate(each.precision_rate, 1),
                      low: f.rate(each.low_rate, 1),
                    })}
              </li>
            ))}
          </ul>
        </div>
      </Modal>
    </>
  );
}
