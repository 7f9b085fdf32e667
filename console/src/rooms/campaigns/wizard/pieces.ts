import { useQueries, useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { Campaign, ContentCarrier } from "@/api/types";

/** Pieces of a purpose that can be sent now. */
export const useUsablePieces = (purpose: Campaign["purpose"], q: string) =>
  useQuery({
    queryKey: ["content", "pieces", "usable", purpose, q],
    queryFn: () =>
      must(
        api.GET("/api/v1/content/pieces", {
          params: { query: { purpose, q: q || undefined, usable: true, limit: 100 } },
        }),
      ),
    placeholderData: (before) => before,
  });

const one = (piece_id: number) => ({
  queryKey: ["content", "piece", piece_id],
  queryFn: () => must(api.GET("/api/v1/content/pieces/{piece_id}", { params: { path: { piece_id } } })),
  staleTime: 30_000,
});

export const usePiece = (id: number | null) => useQuery({ ...one(id ?? 0), enabled: !!id });

/** Names of pieces by their number; the number itself until they are there. */
export function usePieceNames(ids: number[]): (id: number) => string {
  const found = useQueries({ queries: ids.filter((id) => id > 0).map(one) });
  const names = new Map(found.flatMap((query) => (query.data ? [[query.data.id, query.data.name] as const] : [])));
  return (id) => names.get(id) ?? `#${id}`;
}

/** The piece as real customers of a segment would see it on a carrier. */
export function usePiecePreview(pieceId: number | null, carrier: ContentCarrier, segment: number | undefined) {
  const piece = usePiece(pieceId);
  const sent = piece.data;
  const version = sent?.approved_version ?? sent?.version;
  return useQuery({
    queryKey: ["content", "preview", pieceId, version, carrier, segment ?? null],
    queryFn: async () => {
      const params = { path: { piece_id: pieceId as number, version: version as number } };
      const said = await must(api.GET("/api/v1/content/pieces/{piece_id}/versions/{version}", { params }));
      const kind = (sent as NonNullable<typeof sent>).kind;
      const body = { kind, body: said.body, carrier, segment_id: segment ?? null, customer_ids: [], staff: "" };
      return { kind, ...(await must(api.POST("/api/v1/content/preview", { body }))) };
    },
    enabled: !!sent && !!version,
    staleTime: 60_000,
    retry: false,
  });
}
