import { useMutation } from "@tanstack/react-query";
import { App, Button, DatePicker, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Role } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { useRefreshTeam, useRoles } from "./queries";

/** Makes a token and shows its secret once: it is stored only as a hash. */
export function TokenModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const refresh = useRefreshTeam();
  const roles = useRoles();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("analyst");
  const [expires, setExpires] = useState<Dayjs | null>(null);
  const make = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/team/tokens", {
          body: { name: name.trim(), role, ...(expires ? { expires_at: expires.endOf("day").toISOString() } : {}) },
        }),
      ),
    onSuccess: refresh,
  });
  const secret = make.data?.secret;
  const copy = () =>
    navigator.clipboard?.writeText(secret ?? "").then(
      () => void message.success(t("ui.copied")),
      () => void message.warning(t("team.copy_by_hand")),
    );
  if (secret) {
    return (
      <Modal
        open
        title={t("team.token_made")}
        closable={false}
        mask={{ closable: false }}
        keyboard={false}
        footer={<Button onClick={onClose}>{t("team.token_kept")}</Button>}
      >
        <div className="form">
          <p className="notice">{t("team.token_once")}</p>
          <code className="secret">{secret}</code>
          <Button type="primary" onClick={() => void copy()}>
            {t("ui.copy")}
          </Button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal
      open
      title={t("team.add_token")}
      onCancel={onClose}
      onOk={() => make.mutate()}
      okText={t("team.add_token")}
      okButtonProps={{ disabled: !name.trim(), loading: make.isPending }}
    >
      <div className="form">
        {make.error && <ProblemView error={make.error} compact />}
        <Field label={t("team.token_name")} help={t("team.token_name_help")}>
          <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("team.role")}>
          <Select
            aria-label={t("team.role")}
            value={role}
            onChange={setRole}
            options={(roles.data?.items ?? []).map((r) => ({ value: r.role, label: f.label(r.name) }))}
          />
        </Field>
        <Field label={`${t("team.expires")} (${t("ui.optional")})`}>
          <DatePicker
            aria-label={t("team.expires")}
            value={expires}
            onChange={setExpires}
            disabledDate={(day) => day.isBefore(dayjs(), "day")}
          />
        </Field>
      </div>
    </Modal>
  );
}
