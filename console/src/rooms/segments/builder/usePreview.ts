import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { Rule } from "@/api/types";
import { useDebounced } from "@/ui/useDebounced";
import { openCount } from "../rules/leaves";
import { type Fault, faultPath } from "../rules/problems";
import { closed } from "../rules/tree";

const DELAY_MS = 250;

/** The live answer to the rule on screen: asked when typing rests, the old one kept (and greyed) until the new one is there. */
export function usePreview(rule: Rule, enabled = true) {
  const text = JSON.stringify(closed(rule));
  const settled = useDebounced(text, DELAY_MS);
  const open = useMemo(() => openCount(rule), [rule]);
  const query = useQuery({
    queryKey: ["segments", "preview", settled],
    queryFn: ({ signal }) =>
      must(api.POST("/api/v1/segments/preview", { body: { rule: JSON.parse(settled) as Rule, sample: 10 }, signal })),
    enabled: enabled && open === 0 && settled === text,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 30_000,
  });
  const refused = isProblem(query.error, 422) ? query.error : null;
  const faults = useMemo<Fault[]>(() => {
    const root = JSON.parse(settled) as Rule;
    return (refused?.errors ?? []).map((error) => ({ path: faultPath(root, error.field), message: error.message }));
  }, [refused, settled]);
  return {
    data: refused ? undefined : query.data,
    error: query.error,
    faults,
    open,
    stale: open > 0 || settled !== text || query.isPlaceholderData || query.isFetching,
    retry: () => void query.refetch(),
  };
}
