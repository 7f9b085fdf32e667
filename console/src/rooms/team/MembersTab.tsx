import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "@/api/types";
import { useMay, useSession } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { MemberModal } from "./MemberModal";
import { useMembers } from "./queries";

export function MembersTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { member: self } = useSession();
  const members = useMembers();
  const [editing, setEditing] = useState<Member | "new" | null>(null);
  const writable = may("team.write");
  return (
    <div className="stack">
      {writable && (
        <div>
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
            {t("team.add_member")}
          </Button>
        </div>
      )}
      <div className="panel">
        <QueryView query={members}>
          {(data) => (
            <DataTable
              caption={t("team.members")}
              cards
              rows={data.items}
              rowKey={(member) => member.id}
              columns={[
                {
                  key: "name",
                  title: t("team.name"),
                  render: (member) => (
                    <>
                      {member.name} {member.id === self.id && <Chip tone="pine">{t("team.you")}</Chip>}
                    </>
                  ),
                },
                { key: "login", title: t("team.login"), render: (member) => <code>{member.login}</code> },
                { key: "role", title: t("team.role"), render: (member) => t(`team.role_${member.role}`) },
                {
                  key: "active",
                  title: t("team.state"),
                  render: (member) => (
                    <Chip tone={member.active ? "pine" : "plain"}>
                      {t(member.active ? "team.active" : "team.inactive")}
                    </Chip>
                  ),
                },
                {
                  key: "seen",
                  title: t("team.last_seen"),
                  render: (member) => (member.last_seen_at ? f.time(member.last_seen_at) : t("team.never")),
                },
                { key: "created", title: t("team.created"), render: (member) => f.date(member.created_at) },
                ...(writable
                  ? [
                      {
                        key: "act",
                        title: <span className="visually-hidden">{t("ui.edit")}</span>,
                        render: (member: Member) => (
                          <Button
                            size="small"
                            onClick={() => setEditing(member)}
                            aria-label={t("team.edit_member", { name: member.name })}
                          >
                            {t("ui.edit")}
                          </Button>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )}
        </QueryView>
      </div>
      {editing && <MemberModal member={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </div>
  );
}
