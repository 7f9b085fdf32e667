import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useCursorList } from "@/ui/useCursorList";

export type Holdout = Row<"/api/v1/messaging/holdouts">;
export type HoldoutReport = Answer<"/api/v1/messaging/holdouts/{id}", "get">;
export type Arm = "control" | "compared";
/** `days` null: until another is drawn. */
export type Draw = { rate: number; days: number | null };

const KEY = ["messaging", "holdouts"] as const;

export const useHoldouts = () =>
  useQuery({ queryKey: KEY, queryFn: () => must(api.GET("/api/v1/messaging/holdouts")) });

export const useHoldoutReport = (id: number) =>
  useQuery({
    queryKey: [...KEY, id],
    queryFn: () => must(api.GET("/api/v1/messaging/holdouts/{id}", { params: { path: { id } } })),
  });

export const useOutlook = (rate: number, days: number) =>
  useQuery({
    queryKey: [...KEY, "outlook", rate, days],
    queryFn: () => must(api.GET("/api/v1/messaging/holdouts/outlook", { params: { query: { rate, days } } })),
    placeholderData: (before) => before,
  });

export const useHeld = (id: number, arm: Arm) =>
  useCursorList(["messaging", "held", id, arm], (cursor) =>
    must(
      api.GET("/api/v1/messaging/holdouts/{id}/people", {
        params: { path: { id }, query: { arm, cursor, limit: 50 } },
      }),
    ),
  );

export function useDraw() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Draw) => must(api.POST("/api/v1/messaging/holdouts", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useEndHoldout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => must(api.DELETE("/api/v1/messaging/holdouts")),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
