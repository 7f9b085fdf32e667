import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Modal, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useDebounced } from "@/ui/useDebounced";
import { useOwnLink } from "./queries";

/** A customer's own page of a programme: it holds the link they pass on and shows how far they are. It is for them alone. */
export function OwnLinkModal({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [who, setWho] = useState<number | null>(null);
  const q = useDebounced(typed.trim(), 250);
  const people = useQuery({
    queryKey: ["referral", "pick", q],
    queryFn: () => must(api.GET("/api/v1/customers", { params: { query: { q: q || undefined, limit: 10 } } })),
    placeholderData: keepPreviousData,
  });
  const link = useOwnLink(id);
  const url = link.data?.items[0]?.url;
  const options = (people.data?.items ?? []).map((row) => ({
    value: row.id,
    label: [row.name || `#${row.id}`, row.city, row.phone_masked].filter(Boolean).join(" · "),
  }));
  return (
    <Modal open title={t("referral.own_link")} onCancel={onClose} footer={null}>
      <div className="form">
        <p className="muted small">{t("referral.own_link_hint")}</p>
        <Field label={t("referral.customer")}>
          <Select
            showSearch={{ filterOption: false, onSearch: setTyped }}
            aria-label={t("referral.customer")}
            placeholder={t("referral.own_link_who")}
            value={who}
            onChange={(next: number) => {
              setWho(next);
              link.reset();
            }}
            options={options}
            loading={people.isFetching}
          />
        </Field>
        {link.isError && <ProblemView error={link.error} compact />}
        {url ? (
          <p className="own-link">
            <Typography.Text copyable={{ text: url, tooltips: [t("referral.copy"), t("referral.copied")] }}>
              {url}
            </Typography.Text>
          </p>
        ) : (
          <div className="row">
            <Button
              type="primary"
              disabled={who === null}
              loading={link.isPending}
              onClick={() => who !== null && link.mutate(who)}
            >
              {t("referral.own_link_make")}
            </Button>
          </div>
        )}
      </div>
    </Modal>
  );
}
