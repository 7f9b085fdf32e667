import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { JobCard } from "@/rooms/jobs/JobCard";
import { useJob } from "@/rooms/jobs/queries";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { useFail } from "@/ui/useFail";

/** An empty home: the two ways to begin. */
export function FirstSteps() {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const fail = useFail();
  const [jobId, setJobId] = useState<string | null>(null);
  const job = useJob(jobId, () => void client.invalidateQueries());
  const load = useMutation({
    mutationFn: () => must(api.POST("/api/v1/system/sample")),
    onSuccess: (ref) => setJobId(ref.job_id),
    onError: fail,
  });
  return (
    <div className="panel">
      <Empty
        title={t("measurement.empty")}
        hint={t("measurement.empty_hint")}
        action={
          <>
            {may("imports.write") && (
              <Link to="/imports" className="primary-link">
                {t("shell.sample_import")}
              </Link>
            )}
            {may("imports.write") && (
              <Button loading={load.isPending || jobId !== null} onClick={() => load.mutate()}>
                {t("measurement.load_sample")}
              </Button>
            )}
          </>
        }
      />
      {job.data && (
        <div className="first-job">
          <JobCard job={job.data} />
        </div>
      )}
    </div>
  );
}
