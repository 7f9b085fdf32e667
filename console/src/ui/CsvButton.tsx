import { DownloadOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";

export function CsvButton({ href }: { href: string }) {
  const { t } = useTranslation();
  return (
    <a className="csv" href={href} download>
      <DownloadOutlined aria-hidden="true" /> CSV
      <span className="visually-hidden">{t("ui.download")}</span>
    </a>
  );
}
