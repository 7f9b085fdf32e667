import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { useMay, useSession } from "./session";

export function Guard({ permission, children }: { permission: string; children?: ReactNode }) {
  const may = useMay();
  const { member } = useSession();
  const { t } = useTranslation();
  if (may(permission)) return children;
  return (
    <Page title={t("shell.forbidden_title")}>
      <Empty
        title={t("shell.forbidden", { role: t(`team.role_${member.role}`) })}
        hint={t("shell.forbidden_hint", { permission })}
      />
    </Page>
  );
}
