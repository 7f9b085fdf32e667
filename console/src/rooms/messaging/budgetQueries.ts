import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useCursorList } from "@/ui/useCursorList";

export type Budget = Row<"/api/v1/messaging/budgets">;
export type Findings = NonNullable<Budget["found"]>;
export type Terms = Budget["terms"];
export type Results = NonNullable<Answer<"/api/v1/messaging/budgets/{id}/results", "get">>;

const KEY = ["messaging", "budgets"];

export const useBudgets = () =>
  useCursorList<Budget>(KEY, (cursor) =>
    must(api.GET("/api/v1/messaging/budgets", { params: { query: { cursor, limit: 20 } } })),
  );

export const useResults = (id: number | undefined) =>
  useQuery({
    queryKey: [...KEY, "results", id],
    queryFn: () => must(api.GET("/api/v1/messaging/budgets/{id}/results", { params: { path: { id: id as number } } })),
    enabled: id !== undefined,
  });

export function useRefreshBudgets() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: KEY });
}

export function usePropose() {
  const refresh = useRefreshBudgets();
  return useMutation({
    mutationFn: (body: Terms) => must(api.POST("/api/v1/messaging/budgets", { body })),
    onSuccess: refresh,
  });
}

export function useAnswerBudget() {
  const refresh = useRefreshBudgets();
  return useMutation({
    mutationFn: async ({ id, act, weeks }: { id: number; act: "adopt" | "drop" | "undo"; weeks?: number }) => {
      const params = { path: { id } };
      if (act === "adopt")
        return must(api.POST("/api/v1/messaging/budgets/{id}/adopt", { params, body: { weeks: weeks ?? 4 } }));
      if (act === "undo") return must(api.POST("/api/v1/messaging/budgets/{id}/undo", { params }));
      return must(api.POST("/api/v1/messaging/budgets/{id}/drop", { params }));
    },
    onSuccess: refresh,
  });
}
