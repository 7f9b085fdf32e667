import { useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { useCursorList } from "@/ui/useCursorList";
import type { ListState } from "./address";

export const useColumns = () =>
  useQuery({
    queryKey: ["customers", "columns"],
    queryFn: () => must(api.GET("/api/v1/customers/columns")),
    staleTime: 10 * 60_000,
  });

export const useViews = () =>
  useQuery({ queryKey: ["customers", "views"], queryFn: () => must(api.GET("/api/v1/customers/views")) });

export const useTags = (enabled = true) =>
  useQuery({ queryKey: ["customers", "tags"], queryFn: () => must(api.GET("/api/v1/customers/tags")), enabled });

export function useCustomers(state: ListState) {
  const query = {
    q: state.q || undefined,
    filter: state.filter ? JSON.stringify(state.filter) : undefined,
    segment: state.segment ?? undefined,
    sort: state.sort,
    columns: state.columns?.join(",") || undefined,
    limit: 50,
  };
  return useCursorList(["customers", "list", query], (cursor) =>
    must(api.GET("/api/v1/customers", { params: { query: { ...query, cursor } } })),
  );
}

export const useCustomer = (id: number) =>
  useQuery({
    queryKey: ["customers", "one", id],
    queryFn: () => must(api.GET("/api/v1/customers/{id}", { params: { path: { id } } })),
  });
