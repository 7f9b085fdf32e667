import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Empty } from "@/ui/Empty";
import { QueryView } from "@/ui/QueryView";
import { JobCard } from "./JobCard";
import { useRecentJobs } from "./queries";

export default function JobDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const jobs = useRecentJobs();
  return (
    <Drawer
      open
      size={Math.min(440, window.innerWidth)}
      title={t("shell.page_jobs")}
      onClose={onClose}
      extra={
        <Link to="/jobs" onClick={onClose}>
          {t("jobs.all")}
        </Link>
      }
    >
      <QueryView query={jobs}>
        {(list) =>
          list.items.length === 0 ? (
            <Empty title={t("jobs.none")} hint={t("jobs.none_hint")} />
          ) : (
            <div className="jobs">
              {list.items.map((job) => (
                <JobCard key={job.id} job={job} onGo={onClose} />
              ))}
            </div>
          )
        }
      </QueryView>
    </Drawer>
  );
}
