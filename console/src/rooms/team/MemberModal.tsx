import { useMutation } from "@tanstack/react-query";
import { App, Input, Modal, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Member, Role } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { useRefreshTeam, useRoles } from "./queries";

/** A new member, or changes to one; the password is only sent when typed. */
export function MemberModal({ member, onClose }: { member: Member | null; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const refresh = useRefreshTeam();
  const roles = useRoles();
  const [login, setLogin] = useState(member?.login ?? "");
  const [name, setName] = useState(member?.name ?? "");
  const [role, setRole] = useState<Role>(member?.role ?? "operator");
  const [password, setPassword] = useState("");
  const [active, setActive] = useState(member?.active ?? true);
  const save = useMutation({
    mutationFn: () =>
      member
        ? must(
            api.PATCH("/api/v1/team/members/{id}", {
              params: { path: { id: member.id } },
              body: { name, role, active, ...(password ? { password } : {}) },
            }),
          )
        : must(api.POST("/api/v1/team/members", { body: { login: login.trim(), name: name.trim(), role, password } })),
    onSuccess: () => {
      void message.success(t("ui.saved"));
      void refresh();
      onClose();
    },
  });
  const complete = name.trim() !== "" && (member !== null || (login.trim() !== "" && password !== ""));
  return (
    <Modal
      open
      title={t(member ? "team.edit_member" : "team.add_member", { name: member?.name })}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t(member ? "ui.save" : "team.add_member")}
      okButtonProps={{ disabled: !complete, loading: save.isPending }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        {!member && (
          <Field label={t("team.login")} help={t("team.login_help")}>
            <Input value={login} autoComplete="off" onChange={(e) => setLogin(e.target.value)} />
          </Field>
        )}
        <Field label={t("team.name")}>
          <Input value={name} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("team.role")}>
          <Select
            aria-label={t("team.role")}
            value={role}
            onChange={setRole}
            options={(roles.data?.items ?? []).map((r) => ({ value: r.role, label: f.label(r.name) }))}
          />
        </Field>
        <Field label={t(member ? "team.new_password_optional" : "team.first_password")}>
          <Input.Password autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />
        </Field>
        {member && (
          <Field label={t("team.may_log_in")}>
            <span>
              <Switch checked={active} onChange={setActive} aria-label={t("team.may_log_in")} />
            </span>
          </Field>
        )}
      </div>
    </Modal>
  );
}
