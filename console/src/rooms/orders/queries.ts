import { useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { isLive } from "@/rooms/jobs/queries";
import { useCursorList } from "@/ui/useCursorList";

export const useImport = (id: string | null) =>
  useQuery({
    queryKey: ["imports", "one", id],
    queryFn: () => must(api.GET("/api/v1/imports/{import_id}", { params: { path: { import_id: id as string } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isLive(query.state.data) ? 1500 : false),
  });

export const useImports = (source: string | null) =>
  useCursorList(["imports", "list", source], (cursor) =>
    must(api.GET("/api/v1/imports", { params: { query: { cursor, source, limit: 20 } } })),
  );

export const useMappings = (enabled: boolean) =>
  useQuery({ queryKey: ["imports", "mappings"], queryFn: () => must(api.GET("/api/v1/imports/mappings")), enabled });
