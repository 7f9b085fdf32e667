import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, must } from "@/api/client";
import type { Job } from "@/api/types";

export const isLive = (job: Pick<Job, "status">): boolean => job.status === "queued" || job.status === "running";

/** The newest jobs but for those that run by the clock; asked often only while something runs. */
export const useRecentJobs = () =>
  useQuery({
    queryKey: ["jobs", "recent"],
    queryFn: () => must(api.GET("/api/v1/jobs", { params: { query: { limit: 20, scheduled: false } } })),
    refetchInterval: (query) => (query.state.data?.items.some(isLive) ? 1500 : 20_000),
  });

/** One job until it ends; `onEnd` is called once when it stops running. */
export function useJob(id: string | null | undefined, onEnd?: (job: Job) => void) {
  const query = useQuery({
    queryKey: ["jobs", "one", id],
    queryFn: () => must(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id as string } } })),
    enabled: !!id,
    refetchInterval: (q) => (!q.state.data || isLive(q.state.data) ? 800 : false),
  });
  const told = useRef<string | null>(null);
  const end = useRef(onEnd);
  end.current = onEnd;
  const job = query.data;
  useEffect(() => {
    if (job && !isLive(job) && told.current !== job.id) {
      told.current = job.id;
      end.current?.(job);
    }
  }, [job]);
  return query;
}

export function useJobAct(act: "cancel" | "retry") {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job_id: string) => {
      const params = { params: { path: { job_id } } };
      return act === "cancel"
        ? must(api.POST("/api/v1/jobs/{job_id}/cancel", params))
        : must(api.POST("/api/v1/jobs/{job_id}/retry", params));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
