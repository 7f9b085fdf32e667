import { useTranslation } from "react-i18next";
import type { Job } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { useFormat } from "@/ui/useFormat";
import { isLive } from "./queries";

const took = (job: Job): number | null =>
  job.started_at && job.ended_at ? (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000 : null;

export function JobProgress({ job }: { job: Job }) {
  const { t } = useTranslation();
  const f = useFormat();
  const live = isLive(job);
  const tone = job.status === "failed" ? "cinnabar" : live ? "indigo" : "pine";
  const parts = [
    live && job.progress != null && f.rate(job.progress, 0),
    job.status === "done" && took(job) !== null && t("jobs.took", { time: f.seconds(took(job)) }),
    job.status !== "done" &&
      (job.total_count != null
        ? `${f.count(job.done_count)} / ${f.count(job.total_count)}`
        : job.done_count > 0 && f.count(job.done_count)),
    live && job.eta_seconds != null && t("jobs.eta", { time: f.seconds(job.eta_seconds) }),
  ].filter(Boolean);
  return (
    <div className="job-progress">
      {live && <Bar value={job.progress} tone={tone} busy label={f.label(job.title)} />}
      <p className="row spread small">
        <span className="muted">{job.status !== "done" && f.label(job.message)}</span>
        <span className="num">{parts.join(" · ")}</span>
      </p>
    </div>
  );
}
