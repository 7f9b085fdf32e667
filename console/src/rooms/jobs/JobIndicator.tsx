import { CloudSyncOutlined } from "@ant-design/icons";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isLive, useRecentJobs } from "./queries";

const JobDrawer = lazy(() => import("./JobDrawer"));

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
