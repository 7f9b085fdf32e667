import { Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Job } from "@/api/types";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { StatusChip } from "@/ui/Chip";
import { download } from "@/ui/download";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { JobProgress } from "./JobProgress";
import { useJobAct } from "./queries";

/** One job: what it is, how far, what it said, and what can be done about it. */
export function JobCard({ job, onGo }: { job: Job; onGo?: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const cancel = useJobAct("cancel");
  const retry = useJobAct("retry");
  const file = typeof job.result?.file_id === "string" ? job.result.file_id : null;
  return (
    <article className="job">
      <div className="row spread">
        <h2 className="job-title">{f.label(job.title)}</h2>
        <StatusChip status={job.status} />
      </div>
      <JobProgress job={job} />
      {job.error && (
        <p className="job-error">
          {f.label(job.error)}
          {job.way_out && ` ${t("ui.way_out")} ${f.label(job.way_out)}`}
        </p>
      )}
      <div className="row spread small">
        <span className="muted">
          {f.time(job.created_at)}
          {job.created_by && (
            <>
              {" · "}
              <By who={job.created_by} />
            </>
          )}
          {job.attempts > 1 && ` · ${t("jobs.attempts", { n: job.attempts })}`}
        </span>
        <span className="row">
          {may("jobs.write") && job.can_cancel && (
            <Popconfirm
              title={t("jobs.cancel_sure")}
              okText={t("jobs.cancel")}
              cancelText={t("jobs.keep")}
              onConfirm={() => cancel.mutate(job.id, { onError: fail })}
            >
              <Button size="small">{t("jobs.cancel")}</Button>
            </Popconfirm>
          )}
          {may("jobs.write") && job.can_retry && (
            <Button size="small" onClick={() => retry.mutate(job.id, { onError: fail })} loading={retry.isPending}>
              {t("jobs.retry")}
            </Button>
          )}
          {file && job.status === "done" && (
            <Button size="small" type="primary" ghost onClick={() => download(`/api/v1/customers/exports/${file}`)}>
              {t("jobs.download")}
            </Button>
          )}
          {job.link && job.status === "done" && (
            <Link to={job.link} onClick={onGo}>
              {t("jobs.see_result")}
            </Link>
          )}
        </span>
      </div>
    </article>
  );
}
