import { DownloadOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useJob } from "@/rooms/jobs/queries";
import { download } from "@/ui/download";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import type { ListState } from "./address";

type Props = { state: ListState; columns: string[]; total: number | null };

/** Export runs as a job: the page stays free, and the file comes when it is done. */
export function ExportButton({ state, columns, total }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const client = useQueryClient();
  const fail = useFail();
  const [jobId, setJobId] = useState<string | null>(null);
  useJob(jobId, (job) => {
    setJobId(null);
    void client.invalidateQueries({ queryKey: ["jobs"] });
    if (job.status === "done" && typeof job.result?.file_id === "string") {
      download(`/api/v1/customers/exports/${job.result.file_id}`);
      void message.success(t("customers.exported", { n: f.count(Number(job.result.row_count ?? 0)) }));
    } else {
      void message.error(f.label(job.error) || t(`jobs.status_${job.status}`));
    }
  });
  const start = async (format: "csv" | "xlsx") => {
    const body = {
      q: state.q || undefined,
      filter: state.filter ?? undefined,
      segment: state.segment ?? undefined,
      sort: state.sort,
      columns,
      format,
    };
    const ref = await must(api.POST("/api/v1/customers/export", { body }));
    setJobId(ref.job_id);
    void client.invalidateQueries({ queryKey: ["jobs"] });
    void message.info(t("customers.export_started"));
  };
  const items = (["xlsx", "csv"] as const).map((format) => ({
    key: format,
    label: t(`customers.export_${format}`, { n: f.count(total) }),
    onClick: () => void start(format).catch(fail),
  }));
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button icon={<DownloadOutlined />} loading={jobId !== null} aria-label={t("customers.export")}>
        <span className="only-wide">{t("customers.export")}</span>
      </Button>
    </Dropdown>
  );
}
