import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { CarrierAccount, CheckStep } from "@/api/types";

const path = (account_id: number) => ({ params: { path: { account_id } } });
const OFTEN = 15_000;

export const useProducts = () =>
  useQuery({
    queryKey: ["carriers", "products"],
    queryFn: () => must(api.GET("/api/v1/carriers/products")),
    staleTime: 60 * 60_000,
  });

/** Asked for again while the page is open: an account is something that lives. */
export const useAccounts = () =>
  useQuery({
    queryKey: ["carriers", "accounts"],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts")),
    refetchInterval: OFTEN,
  });

export const useAccount = (id: number, every = OFTEN) =>
  useQuery({
    queryKey: ["carriers", "account", id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{account_id}", path(id))),
    refetchInterval: every,
  });

export const useHealth = (id: number) =>
  useQuery({
    queryKey: ["carriers", "health", id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{account_id}/health", path(id))),
    refetchInterval: OFTEN,
  });

export const useQuotas = (id: number) =>
  useQuery({
    queryKey: ["carriers", "quotas", id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{account_id}/quotas", path(id))),
    refetchInterval: OFTEN,
  });

export const useWelcomes = (id: number) =>
  useQuery({
    queryKey: ["carriers", "welcomes", id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{account_id}/welcomes", path(id))),
  });

export function useRefreshAccounts() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["carriers"] });
}

/** Every step of the connection, tried now. */
export function useCheck(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (): Promise<CheckStep[]> =>
      (await must(api.POST("/api/v1/carriers/accounts/{account_id}/check", path(id)))).steps,
    onSuccess: () => client.invalidateQueries({ queryKey: ["carriers", "account", id] }),
  });
}

export function useAccountAct(account: CarrierAccount) {
  const refresh = useRefreshAccounts();
  return useMutation({
    mutationFn: (act: "pause" | "resume") =>
      act === "pause"
        ? must(api.POST("/api/v1/carriers/accounts/{account_id}/pause", path(account.id)))
        : must(api.POST("/api/v1/carriers/accounts/{account_id}/resume", path(account.id))),
    onSuccess: refresh,
  });
}

export const useStores = () =>
  useQuery({ queryKey: ["carriers", "stores"], queryFn: () => must(api.GET("/api/v1/team/stores")) });

export const useStaff = (account: number) =>
  useQuery({
    queryKey: ["carriers", "staff", "of", account],
    queryFn: () => must(api.GET("/api/v1/team/staff", { params: { query: { account, limit: 200 } } })),
  });

export type RelationsWanted = { account?: number; from_on?: string; to_on?: string };

export const useRelationReport = (by: "day" | "staff" | "state", wanted: RelationsWanted) =>
  useQuery({
    queryKey: ["carriers", "relations", by, wanted],
    queryFn: () => must(api.GET("/api/v1/carriers/relations/report", { params: { query: { by, ...wanted } } })),
    refetchInterval: 30_000,
  });
