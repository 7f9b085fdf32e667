import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { Campaign, CampaignAction, CampaignPlan, CampaignStatus } from "@/api/types";
import { useCursorList } from "@/ui/useCursorList";
import { wavesOf } from "./plan";
import type { Draft } from "./wizard/step";
import { LIVE } from "./words";

export const path = (campaign_id: number) => ({ params: { path: { campaign_id } } });
const OFTEN = 2_000;
const SELDOM = 15_000;

export type CampaignFilter = { status?: CampaignStatus[]; purpose?: Campaign["purpose"]; q?: string };

export const useCampaigns = (filter: CampaignFilter) =>
  useCursorList(["campaigns", "list", filter], async (cursor) => {
    const page = await must(api.GET("/api/v1/campaigns", { params: { query: { ...filter, cursor, limit: 50 } } }));
    return { ...page, total: null };
  });

/** How many campaigns are in each state. */
export const useCampaignCounts = () =>
  useQuery({
    queryKey: ["campaigns", "counts"],
    queryFn: async () => (await must(api.GET("/api/v1/campaigns", { params: { query: { limit: 1 } } }))).counts,
    refetchInterval: SELDOM,
  });

/** Asked for often while it is under way. */
export const useCampaign = (id: number) =>
  useQuery({
    queryKey: ["campaigns", "one", id],
    queryFn: () => must(api.GET("/api/v1/campaigns/{campaign_id}", path(id))),
    refetchInterval: (query) => (LIVE.includes(query.state.data?.status ?? "") ? OFTEN : SELDOM),
  });

/** Lists, counts and the calendar are asked for anew. */
export function useRefreshCampaigns() {
  const client = useQueryClient();
  return () => {
    for (const part of ["list", "counts", "calendar"]) void client.invalidateQueries({ queryKey: ["campaigns", part] });
  };
}

export function useKeepCampaign() {
  const client = useQueryClient();
  const refresh = useRefreshCampaigns();
  return (campaign: Campaign) => {
    client.setQueryData(["campaigns", "one", campaign.id], campaign);
    refresh();
  };
}

/** What a new campaign begins with: a control, and limits that stop it. */
const PLAN: CampaignPlan = {
  audience: { include: [], exclude: [] },
  variants: [],
  carriers: [],
  accounts: null,
  starts: null,
  valid_hours: 72,
  per_minute: null,
  waves: wavesOf("once", []),
  winner: null,
  control_rate: 0.1,
  use_global_holdout: true,
  window_days: 7,
  covariate_days: 90,
  reading: "fixed",
};

export function useNewCampaign() {
  const keep = useKeepCampaign();
  return useMutation({
    mutationFn: (name: string) =>
      must(api.POST("/api/v1/campaigns", { body: { name, purpose: "value", priority_fen: 100, plan: PLAN } })),
    onSuccess: keep,
  });
}

export function useCopyCampaign() {
  const keep = useKeepCampaign();
  return useMutation({
    mutationFn: (id: number) => must(api.POST("/api/v1/campaigns/{campaign_id}/copy", path(id))),
    onSuccess: keep,
  });
}

/** Saves a draft over the version that was read: somebody else's change is never written over. */
export const saveCampaign = (id: number, version: number, draft: Draft) =>
  must(
    api.PUT("/api/v1/campaigns/{campaign_id}", {
      params: { path: { campaign_id: id }, header: { "if-match": String(version) } },
      body: { ...draft, description: draft.description || null },
    }),
  );

export function useCampaignAct(id: number) {
  const keep = useKeepCampaign();
  return useMutation({
    mutationFn: ({ action, note = "" }: { action: CampaignAction; note?: string }) => {
      const body = { note };
      switch (action) {
        case "submit":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/submit", path(id)));
        case "approve":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/approve", path(id)));
        case "schedule":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/schedule", path(id)));
        case "pause":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/pause", path(id)));
        case "resume":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/resume", path(id)));
        case "withdraw":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/withdraw", { ...path(id), body }));
        case "reject":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/reject", { ...path(id), body }));
        case "cancel":
          return must(api.POST("/api/v1/campaigns/{campaign_id}/cancel", { ...path(id), body }));
      }
    },
    onSuccess: keep,
  });
}
