import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer } from "@/api/answer";
import { api, must } from "@/api/client";
import { useFail } from "@/ui/useFail";

export type Weekly = Answer<"/api/v1/measurement/weekly", "get">;
export type Plan = Answer<"/api/v1/measurement/weekly/plan", "get">;
export type PlanBody = { is_on: boolean; account_id: number; staff: string[] };
const KEY = ["measurement", "weekly"] as const;
const LOOKS = 20;
const LOOK_MS = 1000;

export const useWeekly = (week?: string) =>
  useQuery({
    queryKey: [...KEY, week],
    queryFn: () => must(api.GET("/api/v1/measurement/weekly", { params: { query: { week, kept: true } } })),
    placeholderData: keepPreviousData,
  });

export const usePlan = () =>
  useQuery({ queryKey: [...KEY, "plan"], queryFn: () => must(api.GET("/api/v1/measurement/weekly/plan")) });

export function useSetPlan() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: PlanBody) => must(api.PUT("/api/v1/measurement/weekly/plan", { body })),
    onSuccess: (plan) => client.setQueryData([...KEY, "plan"], plan),
  });
}

/** Tell a week's report to those who have not got it; what became of it is seen as soon as it is known. */
export function useTellNow() {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: (week: string) => must(api.POST("/api/v1/measurement/weekly/tell", { body: { week } })),
    onSuccess: async ({ job_id }) => {
      const asked = { params: { path: { job_id } } };
      for (let look = 0; look < LOOKS; look += 1) {
        await new Promise((go) => setTimeout(go, LOOK_MS));
        const job = await must(api.GET("/api/v1/jobs/{job_id}", asked));
        if (job.status !== "queued" && job.status !== "running") break;
      }
      await client.invalidateQueries({ queryKey: [...KEY, "plan"] });
    },
    onError: fail,
  });
}

/** Who may be told: the staff of an account who are there. */
export const useStaff = (account_id: number) =>
  useQuery({
    queryKey: ["team", "staff", "told", account_id],
    queryFn: () =>
      must(api.GET("/api/v1/team/staff", { params: { query: { account_id, status: "active", limit: 200 } } })),
    enabled: account_id > 0,
  });
