import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { Journey, JourneyAction, JourneyStatus } from "@/api/types";
import { useCursorList } from "@/ui/useCursorList";
import { type Definition, toBody } from "./model/definition";

export const path = (journey_id: number) => ({ params: { path: { journey_id } } });
const OFTEN = 2_000;
const SELDOM = 15_000;
/** People may be on the way. */
export const MOVING: JourneyStatus[] = ["live", "paused", "draining"];

export const useJourneys = (filter: { status?: JourneyStatus[]; q?: string }) =>
  useCursorList(["journeys", "list", filter], async (cursor) => {
    const page = await must(api.GET("/api/v1/journeys", { params: { query: { ...filter, cursor, limit: 50 } } }));
    return { ...page, total: null };
  });

export const useJourneyCounts = () =>
  useQuery({
    queryKey: ["journeys", "counts"],
    queryFn: async () => (await must(api.GET("/api/v1/journeys", { params: { query: { limit: 1 } } }))).counts,
    refetchInterval: SELDOM,
  });

export const useJourney = (id: number) =>
  useQuery({
    queryKey: ["journeys", "one", id],
    queryFn: () => must(api.GET("/api/v1/journeys/{journey_id}", path(id))),
    refetchInterval: SELDOM,
  });

/** Kinds of steps with the schema of their settings; they change with the program only. */
export const useSteps = () =>
  useQuery({
    queryKey: ["journeys", "steps"],
    queryFn: async () => (await must(api.GET("/api/v1/journeys/steps"))).items,
    staleTime: 60 * 60_000,
  });

export const useTemplates = (enabled = true) =>
  useQuery({
    queryKey: ["journeys", "templates"],
    queryFn: async () => (await must(api.GET("/api/v1/journeys/templates"))).items,
    staleTime: 60 * 60_000,
    enabled,
  });

/** What is wrong with it, and what its cards say; the answer before stays until the new one is there. */
export const useCheck = (id: number, definition: Definition, enabled: boolean) =>
  useQuery({
    queryKey: ["journeys", "check", id, definition],
    queryFn: ({ signal }) =>
      must(
        api.POST("/api/v1/journeys/{journey_id}/check", {
          ...path(id),
          body: { definition: toBody(definition) },
          signal,
        }),
      ),
    placeholderData: (before) => before,
    enabled,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  });

/** How many are where, asked for often while people may move. */
export const useCounts = (id: number, version: number | null, moving: boolean) =>
  useQuery({
    queryKey: ["journeys", "flow", id, version],
    queryFn: () =>
      must(
        api.GET("/api/v1/journeys/{journey_id}/counts", {
          params: { path: { journey_id: id }, query: { version: version ?? undefined } },
        }),
      ),
    enabled: version !== null,
    refetchInterval: moving ? OFTEN : false,
    placeholderData: (before) => before,
  });

export const useVersions = (id: number) =>
  useQuery({
    queryKey: ["journeys", "versions", id],
    queryFn: async () => (await must(api.GET("/api/v1/journeys/{journey_id}/versions", path(id)))).items,
  });

export const useVersion = (id: number, version: number | null) =>
  useQuery({
    queryKey: ["journeys", "version", id, version],
    queryFn: () =>
      must(
        api.GET("/api/v1/journeys/{journey_id}/versions/{version}", {
          params: { path: { journey_id: id, version: version as number } },
        }),
      ),
    enabled: version !== null,
    staleTime: 60_000,
  });

export const useHappenings = (id: number) =>
  useQuery({
    queryKey: ["journeys", "happenings", id],
    queryFn: async () => (await must(api.GET("/api/v1/journeys/{journey_id}/history", path(id)))).items,
  });

/** Everything that is known of journeys but the drafts under the pen is asked for anew. */
export function useRefreshJourneys() {
  const client = useQueryClient();
  return () => {
    for (const part of ["list", "counts", "flow", "versions", "happenings", "people"])
      void client.invalidateQueries({ queryKey: ["journeys", part] });
  };
}

export function useKeepJourney() {
  const client = useQueryClient();
  const refresh = useRefreshJourneys();
  return (journey: Journey) => {
    client.setQueryData(["journeys", "one", journey.id], journey);
    refresh();
  };
}

export function useNewJourney() {
  const keep = useKeepJourney();
  return useMutation({
    mutationFn: ({ name, template }: { name: string; template?: string }) =>
      template
        ? must(api.POST("/api/v1/journeys/templates/{code}", { params: { path: { code: template } } }))
        : must(api.POST("/api/v1/journeys", { body: { name } })),
    onSuccess: keep,
  });
}

export function useCopyJourney() {
  const keep = useKeepJourney();
  return useMutation({
    mutationFn: (id: number) => must(api.POST("/api/v1/journeys/{journey_id}/copy", path(id))),
    onSuccess: keep,
  });
}

/** Saves a draft over the one that was read: somebody else's change is never written over. */
export const saveDraft = (id: number, draft_version: number, draft: { name: string; definition: Definition }) =>
  must(
    api.PUT("/api/v1/journeys/{journey_id}", {
      ...path(id),
      body: { name: draft.name, definition: toBody(draft.definition), draft_version },
    }),
  );

export function useAct(id: number) {
  const keep = useKeepJourney();
  return useMutation({
    mutationFn: (action: JourneyAction) => {
      switch (action) {
        case "pause":
          return must(api.POST("/api/v1/journeys/{journey_id}/pause", path(id)));
        case "resume":
          return must(api.POST("/api/v1/journeys/{journey_id}/resume", path(id)));
        case "drain":
          return must(api.POST("/api/v1/journeys/{journey_id}/drain", path(id)));
        case "stop":
          return must(api.POST("/api/v1/journeys/{journey_id}/stop", path(id)));
      }
    },
    onSuccess: keep,
  });
}
