import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";

export const useMembers = () =>
  useQuery({ queryKey: ["team", "members"], queryFn: () => must(api.GET("/api/v1/team/members")) });
export const useTokens = () =>
  useQuery({ queryKey: ["team", "tokens"], queryFn: () => must(api.GET("/api/v1/team/tokens")) });
export const useRoles = () =>
  useQuery({ queryKey: ["team", "roles"], queryFn: () => must(api.GET("/api/v1/team/roles")), staleTime: 10 * 60_000 });

export function useRefreshTeam() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["team"] });
}
