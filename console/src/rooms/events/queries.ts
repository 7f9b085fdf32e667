import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { Feed, FeedMode, PlannedEvent } from "@/api/types";

const LIVE_MS = 2_000;
const OFTEN_MS = 15_000;

export const useFeeds = () =>
  useQuery({
    queryKey: ["feeds"],
    queryFn: () => must(api.GET("/api/v1/feeds")),
    refetchInterval: OFTEN_MS,
  });

/** Asked for every two seconds: the page waits for the first event of a site. */
export const useFeed = (id: number) =>
  useQuery({
    queryKey: ["feeds", id],
    queryFn: () => must(api.GET("/api/v1/feeds/{id}", { params: { path: { id } } })),
    refetchInterval: LIVE_MS,
  });

export const useLive = (query: { feed?: number; event?: string; person?: string }, paused: boolean) =>
  useQuery({
    queryKey: ["events", "live", query],
    queryFn: () => must(api.GET("/api/v1/events/live", { params: { query } })),
    // TanStack asks nothing while the page is hidden.
    refetchInterval: paused ? false : LIVE_MS,
  });

export const useSeen = (feed?: number) =>
  useQuery({
    queryKey: ["events", "seen", feed],
    queryFn: () => must(api.GET("/api/v1/events/seen", { params: { query: { feed } } })),
    refetchInterval: OFTEN_MS,
  });

export const useViolations = (feed?: number) =>
  useQuery({
    queryKey: ["events", "violations", feed],
    queryFn: () => must(api.GET("/api/v1/events/violations", { params: { query: { feed } } })),
    refetchInterval: OFTEN_MS,
  });

export const usePlan = () =>
  useQuery({ queryKey: ["events", "plan"], queryFn: () => must(api.GET("/api/v1/events/plan")) });

export function useRefreshEvents() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ["events"] });
    void client.invalidateQueries({ queryKey: ["feeds"] });
  };
}

export function usePlanActs() {
  const onSuccess = useRefreshEvents();
  const save = useMutation({
    mutationFn: (body: PlannedEvent) => must(api.PUT("/api/v1/events/plan/event", { body })),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (name: string) => must(api.DELETE("/api/v1/events/plan/event", { params: { query: { name } } })),
    onSuccess,
  });
  const adopt = useMutation({
    mutationFn: (events: string[]) => must(api.POST("/api/v1/events/plan/adopt", { body: { events } })),
    onSuccess,
  });
  const bring = useMutation({
    mutationFn: (body: { format: "json" | "csv"; text: string; replace: boolean }) =>
      must(api.POST("/api/v1/events/plan/import", { body })),
    onSuccess,
  });
  return { save, remove, adopt, bring };
}

export function useFeedActs(id: number) {
  const onSuccess = useRefreshEvents();
  const path = { params: { path: { id } } };
  const change = useMutation({
    mutationFn: (body: Partial<Pick<Feed, "name" | "kind" | "user_namespace" | "status">>) =>
      must(api.PATCH("/api/v1/feeds/{id}", { ...path, body })),
    onSuccess,
  });
  const rotate = useMutation({
    mutationFn: () => must(api.POST("/api/v1/feeds/{id}/key", { ...path, body: {} })),
    onSuccess,
  });
  const mode = useMutation({
    mutationFn: (wanted: FeedMode["mode"]) =>
      must(
        api.PUT("/api/v1/events/plan/modes/{feed_id}", { params: { path: { feed_id: id } }, body: { mode: wanted } }),
      ),
    onSuccess,
  });
  return { change, rotate, mode };
}
