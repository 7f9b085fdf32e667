import { useTranslation } from "react-i18next";
import type { RoleInfo } from "@/api/types";
import { DataTable } from "@/ui/DataTable";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useRoles } from "./queries";

/** What each role may do, permission by permission. */
export function RolesTab() {
  const { t } = useTranslation();
  const roles = useRoles();
  return (
    <div className="stack">
      <p className="muted">{t("team.roles_sub")}</p>
      <div className="panel">
        <QueryView query={roles}>{(data) => <Matrix roles={data.items} />}</QueryView>
      </div>
    </div>
  );
}

function Matrix({ roles }: { roles: RoleInfo[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const permissions = [...new Set(roles.flatMap((role) => role.permissions))];
  return (
    <DataTable
      caption={t("team.roles")}
      rows={permissions}
      rowKey={(permission) => permission}
      columns={[
        {
          key: "permission",
          title: t("team.permission"),
          render: (permission) => (
            <>
              {t(`team.can_${permission.replace(".", "_")}`, permission)} <code className="muted">{permission}</code>
            </>
          ),
        },
        ...roles.map((role) => ({
          key: role.role,
          title: f.label(role.name),
          align: "center" as const,
          render: (permission: string) => {
            const can = role.permissions.includes(permission);
            return (
              <span className={can ? "can" : "muted"}>
                <span aria-hidden="true">{can ? "✓" : "–"}</span>
                <span className="visually-hidden">{t(can ? "team.can" : "team.cannot")}</span>
              </span>
            );
          },
        })),
      ]}
    />
  );
}
