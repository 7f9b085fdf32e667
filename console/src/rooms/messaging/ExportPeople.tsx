import { DownloadOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { save } from "@/ui/download";
import { useFail } from "@/ui/useFail";
import type { Behind } from "./queries";

/** The list as a file, in the console's language; who took it is written down. */
export function ExportPeople({ send, of }: { send: number; of: Behind }) {
  const { t } = useTranslation();
  const fail = useFail();
  const take = (format: "csv" | "xlsx") => {
    const params = new URLSearchParams({ format });
    for (const [name, value] of Object.entries(of)) if (value) params.set(name, value);
    void save(`/api/v1/messaging/sends/${send}/export?${params}`).catch(fail);
  };
  const items = [
    { key: "xlsx", label: "Excel", onClick: () => take("xlsx") },
    { key: "csv", label: "CSV", onClick: () => take("csv") },
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button size="small" icon={<DownloadOutlined />}>
        {t("messaging.export_people")}
      </Button>
    </Dropdown>
  );
}
