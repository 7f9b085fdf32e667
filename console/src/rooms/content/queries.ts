import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";
import type { Body, Carrier, Kind, PieceStatus, Purpose } from "./types";

export type PieceRow = Row<"/api/v1/content/pieces">;
export type Piece = Answer<"/api/v1/content/pieces/{piece_id}", "get">;
export type Version = Piece["newest"];
export type Variable = Row<"/api/v1/content/variables">;
export type Preview = Answer<"/api/v1/content/preview", "post">;
export type Example = Preview["examples"][number];
export type Limit = Row<"/api/v1/content/limits">;
export type BulkAct = components["schemas"]["BulkBody"]["act"];
export type PieceDraft = components["schemas"]["PieceBody"];
/** By carrier, the limits that are broken there. */
export type Fits = Record<string, Version["fits"][number]["faults"]>;

const path = (piece_id: number) => ({ params: { path: { piece_id } } });

export type Wanted = {
  q?: string;
  kind?: Kind;
  purpose?: Purpose;
  status?: PieceStatus;
  folder?: string;
  label?: string;
  carrier?: Carrier;
  owner?: string;
  usable?: boolean;
  trashed?: boolean;
};

export const usePieces = (wanted: Wanted) =>
  useCursorList(["content", "pieces", wanted], (cursor) =>
    must(api.GET("/api/v1/content/pieces", { params: { query: { ...wanted, cursor, limit: 50 } } })),
  );

export const useShelves = () =>
  useQuery({ queryKey: ["content", "shelves"], queryFn: () => must(api.GET("/api/v1/content/shelves")) });

export const usePiece = (id: number | null) =>
  useQuery({
    queryKey: ["content", "piece", id],
    queryFn: () => must(api.GET("/api/v1/content/pieces/{piece_id}", path(id ?? 0))),
    enabled: id !== null,
  });

export const useVersion = (id: number, version: number | null) =>
  useQuery({
    queryKey: ["content", "piece", id, "version", version],
    queryFn: () =>
      must(
        api.GET("/api/v1/content/pieces/{piece_id}/versions/{version}", {
          params: { path: { piece_id: id, version: version ?? 0 } },
        }),
      ),
    enabled: version !== null,
  });

export const useVariables = () =>
  useQuery({
    queryKey: ["content", "variables"],
    queryFn: async () => (await must(api.GET("/api/v1/content/variables"))).items,
    staleTime: 5 * 60_000,
  });

export const useLimits = () =>
  useQuery({
    queryKey: ["content", "limits"],
    queryFn: async () => (await must(api.GET("/api/v1/content/limits"))).items,
    staleTime: 60 * 60_000,
  });

/** What is wrong with a piece while it is written; the last answer stays until the next one is there. */
export const useCheck = (kind: Kind, body: Body) =>
  useQuery({
    queryKey: ["content", "check", kind, body],
    queryFn: () => must(api.POST("/api/v1/content/pieces/check", { body: { kind, body } })),
    placeholderData: (before) => before,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });

export const usePreview = (wanted: {
  kind: Kind;
  body: Body;
  carrier: Carrier;
  segment_id?: number;
  customer_ids?: number[];
}) =>
  useQuery({
    queryKey: ["content", "preview", wanted],
    queryFn: () => must(api.POST("/api/v1/content/preview", { body: { customer_ids: [], staff: "", ...wanted } })),
    placeholderData: (before) => before,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });

export function useRefreshContent() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["content"] });
}

/** Takes the answer of a write as the piece that is shown now. */
function useKeep() {
  const client = useQueryClient();
  return (piece: Piece) => {
    client.setQueryData(["content", "piece", piece.id], piece);
    for (const part of ["pieces", "shelves"]) void client.invalidateQueries({ queryKey: ["content", part] });
  };
}

export function useSavePiece(id: number | null) {
  const keep = useKeep();
  return useMutation({
    mutationFn: ({ draft, edit }: { draft: PieceDraft; edit?: number }) =>
      id === null
        ? must(api.POST("/api/v1/content/pieces", { body: draft }))
        : must(api.PUT("/api/v1/content/pieces/{piece_id}", { ...path(id), body: { ...draft, edit } })),
    onSuccess: keep,
  });
}

export type Step = "ask" | "take_back" | "approve" | "reject" | "remarks" | "copy";

export function usePieceStep(piece: Piece) {
  const keep = useKeep();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ step, said = "" }: { step: Step; said?: string }): Promise<Piece | null> => {
      const to = path(piece.id);
      const body = { version: piece.version, said };
      switch (step) {
        case "ask":
          return must(api.POST("/api/v1/content/pieces/{piece_id}/ask", { ...to, body: { said } }));
        case "take_back":
          return must(api.POST("/api/v1/content/pieces/{piece_id}/take_back", { ...to, body: { said } }));
        case "approve":
          return must(api.POST("/api/v1/content/pieces/{piece_id}/approve", { ...to, body }));
        case "reject":
          return must(api.POST("/api/v1/content/pieces/{piece_id}/reject", { ...to, body }));
        case "copy":
          return must(api.POST("/api/v1/content/pieces/{piece_id}/copy", to));
        case "remarks":
          await must(api.POST("/api/v1/content/pieces/{piece_id}/remarks", { ...to, body }));
          return null;
      }
    },
    onSuccess: (changed) =>
      changed ? keep(changed) : client.invalidateQueries({ queryKey: ["content", "piece", piece.id] }),
  });
}

export function useBulk() {
  const refresh = useRefreshContent();
  return useMutation({
    mutationFn: (body: { ids: number[]; act: BulkAct; value?: string }) =>
      must(api.POST("/api/v1/content/pieces/bulk", { body: { value: "", ...body } })),
    onSuccess: refresh,
  });
}
