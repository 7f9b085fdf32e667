import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer } from "@/api/answer";
import { api, must } from "@/api/client";

export type Weekly = Answer<"/api/v1/measurement/weekly", "get">;
export type Plan = Answer<"/api/v1/measurement/weekly/plan", "get">;
export type PlanBody = { is_on: boolean; account_id: number; staff: string[] };
const KEY = ["measurement", "weekly"] as const;

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

/** Who may be told: the staff of an account who are there. */
export const useStaff = (account_id: number) =>
  useQuery({
    queryKey: ["team", "staff", "told", account_id],
    queryFn: () =>
      must(api.GET("/api/v1/team/staff", { params: { query: { account_id, status: "active", limit: 200 } } })),
    enabled: account_id > 0,
  });
