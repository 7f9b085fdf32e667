import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("shell.not_found")}>
      <Empty title={t("shell.not_found_hint")} action={<Link to="/">{t("shell.to_overview")}</Link>} />
    </Page>
  );
}
