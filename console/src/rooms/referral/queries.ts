import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import type { Tone } from "@/ui/Chip";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

export type ProgrammeRow = Row<"/api/v1/referral/programmes">;
export type Programme = Answer<"/api/v1/referral/programmes/{programme_id}", "get">;
export type ProgrammeDraft = components["schemas"]["ProgrammeBody"];
export type Reward = components["schemas"]["ReferralReward"];
export type Terms = components["schemas"]["ReferralTerms"];
export type Results = Answer<"/api/v1/referral/programmes/{programme_id}/results", "get">;
export type Friend = Row<"/api/v1/referral/programmes/{programme_id}/friends">;
export type FriendState = "waiting" | "real" | "final" | "lapsed" | "lost" | "held" | "refused" | "void";
export type Tree = Answer<"/api/v1/referral/programmes/{programme_id}/tree", "get">;
export type Case = Row<"/api/v1/referral/cases">;
export type CaseDetail = Answer<"/api/v1/referral/cases/{case_id}", "get">;
export type CaseStatus = Case["status"];

export const STATUS_TONE = { draft: "plain", live: "pine", stopped: "ochre" } as const;
export const STATE_TONE: Record<string, Tone> = {
  waiting: "indigo",
  real: "pine",
  final: "pine",
  lapsed: "plain",
  lost: "cinnabar",
  held: "ochre",
  refused: "cinnabar",
  top: "plain",
};

const path = (programme_id: number) => ({ params: { path: { programme_id } } });

export const useProgrammes = () =>
  useCursorList(["referral", "programmes"], (cursor) =>
    must(api.GET("/api/v1/referral/programmes", { params: { query: { cursor } } })),
  );

export const useProgramme = (id: number) =>
  useQuery({
    queryKey: ["referral", "programme", id],
    queryFn: () => must(api.GET("/api/v1/referral/programmes/{programme_id}", path(id))),
  });

export const useResults = (id: number) =>
  useQuery({
    queryKey: ["referral", "results", id],
    queryFn: () => must(api.GET("/api/v1/referral/programmes/{programme_id}/results", path(id))),
  });

export const useFriends = (programme_id: number, state: FriendState | undefined) =>
  useCursorList(["referral", "friends", programme_id, state], (cursor) =>
    must(
      api.GET("/api/v1/referral/programmes/{programme_id}/friends", {
        params: { path: { programme_id }, query: { state, cursor } },
      }),
    ),
  );

export const useTree = (programme_id: number, around: number | undefined) =>
  useQuery({
    queryKey: ["referral", "tree", programme_id, around],
    queryFn: () =>
      must(
        api.GET("/api/v1/referral/programmes/{programme_id}/tree", {
          params: { path: { programme_id }, query: { around } },
        }),
      ),
  });

export const useCases = (status: CaseStatus) =>
  useCursorList(["referral", "cases", status], (cursor) =>
    must(api.GET("/api/v1/referral/cases", { params: { query: { status, cursor } } })),
  );

export const useCase = (case_id: number) =>
  useQuery({
    queryKey: ["referral", "case", case_id],
    queryFn: () => must(api.GET("/api/v1/referral/cases/{case_id}", { params: { path: { case_id } } })),
  });

export const useBringers = () =>
  useQuery({
    queryKey: ["referral", "bringers"],
    queryFn: () => must(api.GET("/api/v1/referral/bringers", { params: { query: { limit: 50 } } })),
  });

export const useSaveProgramme = (programme: Programme | null) =>
  useAct((body: ProgrammeDraft) =>
    programme
      ? must(
          api.PUT("/api/v1/referral/programmes/{programme_id}", {
            ...path(programme.id),
            body: { ...body, edit: programme.edit },
          }),
        )
      : must(api.POST("/api/v1/referral/programmes", { body })),
  );

export const useStart = (id: number) =>
  useAct(() => must(api.POST("/api/v1/referral/programmes/{programme_id}/start", path(id))));

export const useStop = (id: number) =>
  useAct(() => must(api.POST("/api/v1/referral/programmes/{programme_id}/stop", path(id))));

export const useRemove = (id: number) =>
  useAct(() => must(api.DELETE("/api/v1/referral/programmes/{programme_id}", path(id))));

export const useDecide = (case_id: number) =>
  useAct((body: components["schemas"]["CaseDecision"]) =>
    must(api.POST("/api/v1/referral/cases/{case_id}/decide", { params: { path: { case_id } }, body })),
  );

export type Guard = Answer<"/api/v1/referral/guard", "get">;

export const useGuard = () =>
  useQuery({ queryKey: ["referral", "guard"], queryFn: () => must(api.GET("/api/v1/referral/guard")) });

export const useSetGuard = () =>
  useAct((settings: Record<string, unknown>) => must(api.PUT("/api/v1/referral/guard", { body: { settings } })));

/** The page of their own of one customer; nothing in the lists changes by it. */
export const useOwnLink = (programme_id: number) =>
  useMutation({
    mutationFn: (customer_id: number) =>
      must(
        api.POST("/api/v1/referral/programmes/{programme_id}/links", {
          ...path(programme_id),
          body: { customer_ids: [customer_id] },
        }),
      ),
  });

function useAct<A, R>(act: (given: A) => Promise<R>) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: act,
    onSuccess: () => client.invalidateQueries({ queryKey: ["referral"] }),
    onError: fail,
  });
}
