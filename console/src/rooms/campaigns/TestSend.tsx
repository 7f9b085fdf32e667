import { useQuery } from "@tanstack/react-query";
import { App, Button, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Campaign } from "@/api/types";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { useDebounced } from "@/ui/useDebounced";
import { useFail } from "@/ui/useFail";
import { path } from "./queries";

/** To oneself and a few colleagues, as customers: by the same gate, and counted as any message. */
export function TestSend({ campaign, flush }: { campaign: Campaign; flush?: () => Promise<boolean> }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState(false);
  if (!may("campaigns.write") || campaign.plan.variants.length === 0) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("campaigns.test_send")}</Button>
      {open && <Dialog campaign={campaign} flush={flush} onClose={() => setOpen(false)} />}
    </>
  );
}

function Dialog({
  campaign,
  flush,
  onClose,
}: {
  campaign: Campaign;
  flush?: () => Promise<boolean>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const fail = useFail();
  const [who, setWho] = useState<{ value: number; label: string }[]>([]);
  const [variant, setVariant] = useState(campaign.plan.variants[0]?.name ?? "a");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const q = useDebounced(typed.trim(), 250);
  const found = useQuery({
    queryKey: ["customers", "found", q],
    queryFn: () => must(api.GET("/api/v1/customers", { params: { query: { q, limit: 10 } } })),
    enabled: q.length > 0,
  });
  const send = async () => {
    setBusy(true);
    try {
      if (flush && !(await flush())) return;
      const body = { customer_ids: who.map((one) => one.value), variant };
      await must(api.POST("/api/v1/campaigns/{campaign_id}/test", { ...path(campaign.id), body }));
      void message.success(t("campaigns.test_sent", { n: who.length }));
      onClose();
    } catch (error) {
      fail(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("campaigns.test_send")}
      onCancel={onClose}
      onOk={() => void send()}
      okText={t("campaigns.test_go")}
      okButtonProps={{ disabled: who.length === 0, loading: busy }}
      cancelText={t("ui.cancel")}
    >
      <div className="form">
        <p className="muted small">{t("campaigns.test_hint")}</p>
        <Field label={t("campaigns.test_who")}>
          <Select
            mode="multiple"
            labelInValue
            aria-label={t("campaigns.test_who")}
            placeholder={t("campaigns.test_find")}
            value={who}
            maxCount={5}
            filterOption={false}
            onSearch={setTyped}
            onChange={setWho}
            options={(found.data?.items ?? []).map((one) => ({
              value: one.id,
              label: `${one.name ?? "–"} · ${one.id}`,
            }))}
          />
        </Field>
        {campaign.plan.variants.length > 1 && (
          <Field label={t("campaigns.variant")}>
            <Select
              aria-label={t("campaigns.variant")}
              value={variant}
              onChange={setVariant}
              options={campaign.plan.variants.map((one) => ({ value: one.name, label: one.name.toUpperCase() }))}
            />
          </Field>
        )}
      </div>
    </Modal>
  );
}
