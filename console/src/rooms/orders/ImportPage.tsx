import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { JobCard } from "@/rooms/jobs/JobCard";
import { useJob } from "@/rooms/jobs/queries";
import { By } from "@/ui/By";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ImportReport } from "./ImportReport";
import { useImport } from "./queries";

export function ImportPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const id = useParams().id ?? "";
  const query = useImport(id);
  // Every figure of the console may have moved once an import has ended.
  const job = useJob(
    query.data?.job_id,
    () => void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "jobs" }),
  );
  const sub = query.data && (
    <>
      <Link to="/imports">← {t("shell.page_imports")}</Link> ·{" "}
      {t(`orders.source_${query.data.source}`, query.data.source)} · {f.time(query.data.created_at)} ·{" "}
      <By who={query.data.created_by} />
    </>
  );
  return (
    <Page title={query.data?.file_name ?? t("orders.import_n", { id })} sub={sub}>
      <QueryView query={query} lines={8}>
        {(report) => (
          <div className="stack">
            {job.data && job.data.status !== "done" && <JobCard job={job.data} />}
            {report.status === "done" && <ImportReport report={report} />}
            <Panel title={t("orders.mapping_used")}>
              <dl className="keyvals">
                {Object.entries(report.mapping)
                  .filter(([, column]) => column)
                  .map(([field, column]) => (
                    <div className="pair" key={field}>
                      <dt>{t(`orders.field_${field}`, { defaultValue: field })}</dt>
                      <dd>{column}</dd>
                    </div>
                  ))}
              </dl>
            </Panel>
          </div>
        )}
      </QueryView>
    </Page>
  );
}
