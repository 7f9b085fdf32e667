import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useFail } from "@/ui/useFail";

export type RightsRequest = components["schemas"]["RequestInfo"];
export type RequestDetail = components["schemas"]["RequestDetail"];

export const useRequests = (state: string, kind: string | undefined, customer?: number) =>
  useQuery({
    queryKey: ["rights", "requests", state, kind, customer],
    queryFn: () =>
      must(
        api.GET("/api/v1/rights/requests", { params: { query: { state, kind, customer_id: customer, limit: 100 } } }),
      ),
    // A request that a job works on ends by itself.
    refetchInterval: (query) =>
      query.state.data?.items.some((one) => one.state === "approved" || one.state === "working") ? 3_000 : false,
  });

export const useRequest = (id: string) =>
  useQuery({
    queryKey: ["rights", "request", id],
    queryFn: () => must(api.GET("/api/v1/rights/requests/{id}", { params: { path: { id } } })),
    enabled: !!id,
    refetchInterval: (query) => (["approved", "working"].includes(query.state.data?.state ?? "") ? 2_000 : false),
  });

export const useRetention = () =>
  useQuery({
    queryKey: ["rights", "retention"],
    queryFn: async () => {
      const [rules, due] = await Promise.all([
        must(api.GET("/api/v1/rights/retention")),
        must(api.GET("/api/v1/rights/retention/due")),
      ]);
      return { ...rules, due: due as Record<string, number> };
    },
  });

export const useConsents = (id: number) =>
  useQuery({
    queryKey: ["rights", "consents", id],
    queryFn: () => must(api.GET("/api/v1/customers/{id}/consents", { params: { path: { id }, query: { limit: 20 } } })),
  });

export const usePurposes = () =>
  useQuery({
    queryKey: ["rights", "purposes"],
    queryFn: () => must(api.GET("/api/v1/consents/purposes")),
    staleTime: 60_000,
  });

/** An act on rights: everything shown of them is read anew, a failure is told in the corner. */
export function useAct<T>(act: (wish: T) => Promise<unknown>, told?: string) {
  const client = useQueryClient();
  const fail = useFail();
  const { message } = App.useApp();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      if (told) void message.success(t(told));
      return client.invalidateQueries({ queryKey: ["rights"] });
    },
    onError: fail,
  });
}
