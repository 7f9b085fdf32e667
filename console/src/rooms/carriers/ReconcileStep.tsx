import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount } from "@/api/types";
import { JobCard } from "@/rooms/jobs/JobCard";
import { useJob } from "@/rooms/jobs/queries";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";

function useReconcile(account: CarrierAccount) {
  const client = useQueryClient();
  const [jobId, setJobId] = useState<string | null>(null);
  const job = useJob(jobId, () => void client.invalidateQueries({ queryKey: ["carriers"] }));
  const start = useMutation({
    mutationFn: () =>
      must(api.POST("/api/v1/carriers/accounts/{id}/reconcile", { params: { path: { id: account.id } } })),
    onSuccess: (made) => {
      setJobId(made.job_id);
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  return { job, start };
}

/** The first full comparison with the carrier, with its progress. */
export function ReconcileStep({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const fail = useFail();
  const { job, start } = useReconcile(account);
  return (
    <div className="stack">
      <p>{t("carriers.reconcile_about", { name: account.name })}</p>
      {job.data && <JobCard job={job.data} />}
      <div>
        <Button loading={start.isPending} onClick={() => start.mutate(undefined, { onError: fail })}>
          {t("carriers.reconcile_now")}
        </Button>
      </div>
    </div>
  );
}

/** Comparisons so far: who was there, who was new, who had gone. */
export function ReconcilesPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { job, start } = useReconcile(account);
  const query = useQuery({
    queryKey: ["carriers", "reconciles", account.id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/reconciles", { params: { path: { id: account.id } } })),
    refetchInterval: 5_000,
  });
  const begin = may("carriers.write") && (
    <Button type="primary" loading={start.isPending} onClick={() => start.mutate(undefined, { onError: fail })}>
      {t("carriers.reconcile_now")}
    </Button>
  );
  return (
    <Panel title={t("carriers.reconciles")} hint={t("carriers.reconciles_hint")} extra={begin} flush>
      {job.data && job.data.status !== "done" && (
        <div className="panel-pad">
          <JobCard job={job.data} />
        </div>
      )}
      <QueryView query={query} lines={4}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={t("carriers.reconciles_none")} hint={t("carriers.reconciles_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.reconciles")}
              cards
              rows={data.items}
              rowKey={(row) => row.id}
              columns={[
                { key: "at", title: t("carriers.started"), render: (row) => f.time(row.started_at) },
                {
                  key: "status",
                  title: t("carriers.outcome"),
                  wrap: true,
                  render: (row) => (
                    <>
                      <Chip tone={row.status === "done" ? "pine" : row.status === "failed" ? "cinnabar" : "indigo"}>
                        {t(`jobs.status_${row.status}`, { defaultValue: row.status })}
                      </Chip>
                      {Object.keys(row.incomplete).length > 0 && (
                        <p className="small muted">
                          {t("carriers.incomplete", {
                            n: Object.keys(row.incomplete).length,
                            count: Object.keys(row.incomplete).length,
                          })}
                        </p>
                      )}
                    </>
                  ),
                },
                { key: "staff", title: t("carriers.staff"), align: "right", render: (row) => f.count(row.staff_count) },
                {
                  key: "people",
                  title: t("carriers.contacts"),
                  align: "right",
                  render: (row) => f.count(row.contact_count),
                },
                { key: "seen", title: t("carriers.seen"), align: "right", render: (row) => f.count(row.seen_count) },
                { key: "new", title: t("carriers.new"), align: "right", render: (row) => f.count(row.new_count) },
                { key: "gone", title: t("carriers.gone"), align: "right", render: (row) => f.count(row.gone_count) },
                {
                  key: "changed",
                  title: t("carriers.changed"),
                  align: "right",
                  render: (row) => f.count(row.changed_count),
                },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
