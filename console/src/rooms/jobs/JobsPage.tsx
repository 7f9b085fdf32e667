import { Checkbox, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { JobStatus } from "@/api/types";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useQueryState } from "@/ui/useQueryState";
import { JobCard } from "./JobCard";
import { useRecentJobs } from "./queries";

const STATUSES: JobStatus[] = ["running", "queued", "done", "failed", "cancelled"];

export function JobsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const status = STATUSES.find((s) => s === params.get("status"));
  const clock = params.get("clock") === "1";
  const recent = useRecentJobs();
  const beat = recent.data?.items.map((job) => job.id + job.status + job.done_count).join() ?? "";
  const { query, rows } = useCursorList(["jobs", "list", status ?? "", clock, beat], (cursor) =>
    must(
      api.GET("/api/v1/jobs", {
        params: { query: { status, scheduled: clock ? undefined : false, cursor, limit: 30 } },
      }),
    ),
  );
  const options = [
    { value: "", label: t("ui.all") },
    ...STATUSES.map((s) => ({ value: s as string, label: t(`jobs.status_${s}`) })),
  ];
  return (
    <Page
      title={t("shell.page_jobs")}
      sub={t("jobs.sub")}
      actions={
        <>
          <Checkbox checked={clock} onChange={(e) => change({ clock: e.target.checked ? "1" : null })}>
            {t("jobs.with_clock")}
          </Checkbox>
          <Segmented
            options={options}
            value={status ?? ""}
            onChange={(value) => change({ status: value })}
            aria-label={t("jobs.by_status")}
          />
        </>
      }
    >
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("jobs.none")} hint={t("jobs.none_hint")} />
          ) : (
            <div className="jobs wide">
              {rows.map((job) => (
                <JobCard key={job.id} job={job} />
              ))}
            </div>
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Page>
  );
}
