import { useMutation } from "@tanstack/react-query";
import { App, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";

export default function PasswordModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [before, setBefore] = useState("");
  const [wanted, setWanted] = useState("");
  const [again, setAgain] = useState("");
  const differ = again !== "" && again !== wanted;
  const change = useMutation({
    mutationFn: () =>
      must(api.POST("/api/v1/session/password", { body: { old_password: before, new_password: wanted } })),
    onSuccess: () => {
      void message.success(t("team.password_changed"));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("team.change_password")}
      onCancel={onClose}
      onOk={() => change.mutate()}
      okText={t("ui.save")}
      okButtonProps={{ disabled: !before || !wanted || again !== wanted, loading: change.isPending }}
    >
      <div className="form">
        {change.error && <ProblemView error={change.error} compact />}
        <Field label={t("team.old_password")}>
          <Input.Password autoComplete="current-password" value={before} onChange={(e) => setBefore(e.target.value)} />
        </Field>
        <Field label={t("team.new_password")}>
          <Input.Password autoComplete="new-password" value={wanted} onChange={(e) => setWanted(e.target.value)} />
        </Field>
        <Field label={t("team.new_password_again")} error={differ ? t("team.passwords_differ") : null}>
          <Input.Password autoComplete="new-password" value={again} onChange={(e) => setAgain(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}
