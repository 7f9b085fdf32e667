import { CloudSyncOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newerComes } from "@/api/client";
import type { Job } from "@/api/types";
import { isLive, useRecentJobs } from "./queries";

const JobDrawer = lazy(() => import("./JobDrawer"));

/** What a job has changed is asked for again once it has ended, on whatever page one is. */
function useRefreshWhenDone(jobs: Job[] | undefined) {
  const client = useQueryClient();
  const running = useRef<string[]>([]);
  useEffect(() => {
    if (!jobs) return;
    const now = jobs.filter(isLive).map((job) => job.id);
    const ended = running.current.some((id) => !now.includes(id));
    running.current = now;
    if (ended) void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "jobs" });
  }, [jobs, client]);
}

/** A report on the page waits for a job: look at the jobs now, so that its end is not missed. */
function useNewsOfJobs() {
  const client = useQueryClient();
  useEffect(() => {
    const look = () => void client.invalidateQueries({ queryKey: ["jobs", "recent"] });
    newerComes.addEventListener("job", look);
    return () => newerComes.removeEventListener("job", look);
  }, [client]);
}

/** The header's view of running work: a count while something runs, a mark when something failed since it was last opened. */
export function JobIndicator() {
  const { t } = useTranslation();
  const { data } = useRecentJobs();
  const [open, setOpen] = useState(false);
  const [seen, setSeen] = useState<Set<string>>(() => new Set());
  const first = useRef(true);
  useEffect(() => {
    if (!data || !(first.current || open)) return;
    first.current = false;
    setSeen(new Set(data.items.filter((job) => job.status === "failed").map((job) => job.id)));
  }, [data, open]);
  useRefreshWhenDone(data?.items);
  useNewsOfJobs();
  const live = data?.items.filter(isLive).length ?? 0;
  const failed = data?.items.some((job) => job.status === "failed" && !seen.has(job.id)) ?? false;
  return (
    <>
      <button
        type="button"
        className="icon-button job-indicator"
        onClick={() => setOpen(true)}
        aria-label={t(live ? "jobs.indicator_live" : "jobs.indicator", { n: live })}
      >
        <CloudSyncOutlined spin={false} />
        {live > 0 && <b className="num">{live}</b>}
        {live === 0 && failed && <b className="bad">!</b>}
      </button>
      {open && (
        <Suspense>
          <JobDrawer onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
