import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useCursorList } from "@/ui/useCursorList";
import type { Policy } from "./policy";

export type PolicyInfo = Answer<"/api/v1/messaging/policy", "get">;
export type PolicyVersion = Row<"/api/v1/messaging/policy/versions">;
export type Trial = Answer<"/api/v1/messaging/policy/trial", "post">;

const raw = (policy: Policy) => policy as unknown as Record<string, unknown>;

export const usePolicy = () =>
  useQuery({ queryKey: ["messaging", "policy"], queryFn: () => must(api.GET("/api/v1/messaging/policy")) });

export const usePolicyVersions = () =>
  useCursorList<PolicyVersion>(["messaging", "policy", "versions"], (cursor) =>
    must(api.GET("/api/v1/messaging/policy/versions", { params: { query: { cursor, limit: 50 } } })),
  );

export const useTrial = () =>
  useMutation({
    mutationFn: ({ policy, weeks }: { policy: Policy; weeks: number }) =>
      must(api.POST("/api/v1/messaging/policy/trial", { body: { policy: raw(policy), weeks } })),
  });

export function useActivate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ policy, over, note }: { policy: Policy; over: number; note: string }) =>
      must(api.POST("/api/v1/messaging/policy", { body: { policy: raw(policy), over, note } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["messaging"] }),
  });
}
