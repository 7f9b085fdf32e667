import { DownloadOutlined } from "@ant-design/icons";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { save } from "./download";
import { useFail } from "./useFail";

export function CsvButton({ href }: { href: string }) {
  const { t } = useTranslation();
  const fail = useFail();
  const take = (event: MouseEvent) => {
    event.preventDefault();
    void save(href).catch(fail);
  };
  return (
    <a className="csv" href={href} download onClick={take}>
      <DownloadOutlined aria-hidden="true" /> CSV
      <span className="visually-hidden">{t("ui.download")}</span>
    </a>
  );
}
