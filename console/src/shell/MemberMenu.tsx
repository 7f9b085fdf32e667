import { useQueryClient } from "@tanstack/react-query";
import { Dropdown } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { logOut, useSession } from "./session";

const PasswordModal = lazy(() => import("@/rooms/team/PasswordModal"));

export function MemberMenu() {
  const { member, version } = useSession();
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [changing, setChanging] = useState(false);
  const leave = async () => {
    await logOut(client).catch(() => undefined);
    navigate("/login");
  };
  const items = [
    { key: "who", disabled: true, label: `${member.name} · ${t(`team.role_${member.role}`)} · ${version}` },
    { type: "divider" as const },
    { key: "password", label: t("team.change_password"), onClick: () => setChanging(true) },
    { key: "leave", label: t("team.log_out"), onClick: () => void leave() },
  ];
  return (
    <>
      <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
        <button type="button" className="avatar" aria-label={t("shell.member_menu", { name: member.name })}>
          {Array.from(member.name)[0]}
        </button>
      </Dropdown>
      {changing && (
        <Suspense>
          <PasswordModal onClose={() => setChanging(false)} />
        </Suspense>
      )}
    </>
  );
}
