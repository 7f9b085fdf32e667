import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import { useDebounced } from "@/ui/useDebounced";
import { closed } from "../rules/tree";
import { type Draft, type Part, toSend } from "./definition";

export const useTraits = () =>
  useQuery({
    queryKey: ["traits", "list"],
    queryFn: () => must(api.GET("/api/v1/traits")),
    refetchInterval: (query) => (query.state.data?.items.some((row) => row.status === "computing") ? 1500 : false),
  });

export const useTrait = (id: number | null) =>
  useQuery({
    queryKey: ["traits", "one", id],
    queryFn: () => must(api.GET("/api/v1/traits/{trait_id}", { params: { path: { trait_id: id as number } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data?.status === "computing" ? 1500 : false),
  });

/** The definition without groups that hold nothing yet. */
export const settledDefinition = (draft: Draft) =>
  toSend({
    ...draft,
    parts: draft.parts.map((part): Part => {
      const among = part.among && closed(part.among);
      return {
        ...part,
        among:
          among && !(among.kind === "all" && among.of.length === 0) && among.kind !== "everyone" ? among : undefined,
      };
    }),
  });

/** The live answer to the definition on screen: asked when typing rests, the old one kept (and greyed) meanwhile. */
export function useTrial(draft: Draft, id: number | null) {
  const text = JSON.stringify(settledDefinition(draft));
  const settled = useDebounced(text, 300);
  const query = useQuery({
    queryKey: ["traits", "trial", settled, id],
    queryFn: ({ signal }) =>
      must(
        api.POST("/api/v1/traits/preview", {
          body: { definition: JSON.parse(settled), sample: 8, trait_id: id },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 30_000,
  });
  const refused = isProblem(query.error, 422) ? query.error : null;
  return {
    data: refused ? undefined : query.data,
    faults: refused?.errors ?? [],
    error: refused ? null : query.error,
    stale: settled !== text || query.isPlaceholderData || query.isFetching,
    retry: () => void query.refetch(),
  };
}
