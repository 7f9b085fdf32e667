import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, must } from "@/api/client";
import type { Rule, Vocabulary } from "@/api/types";
import { useMay } from "@/shell/session";
import { QueryView } from "@/ui/QueryView";
import { RuleContext } from "./context";
import type { Fault } from "./problems";
import { RuleGroup } from "./RuleGroup";
import { replace } from "./tree";

export const useVocabulary = () =>
  useQuery({
    queryKey: ["segments", "vocabulary"],
    queryFn: async () => (await must(api.GET("/api/v1/segments/vocabulary"))) as Vocabulary,
    staleTime: 5 * 60_000,
  });

export function useSegments() {
  const may = useMay();
  return useQuery({
    queryKey: ["segments", "list"],
    queryFn: () => must(api.GET("/api/v1/segments")),
    enabled: may("segments.read"),
    refetchInterval: (query) => (query.state.data?.items.some((s) => s.status === "computing") ? 1500 : false),
  });
}

type Props = {
  rule: Rule;
  onChange: (rule: Rule, field?: string) => void;
  faults?: Fault[];
  ownId?: number;
  disabled?: boolean;
};

const NONE: Fault[] = [];

/** Edits a rule tree. The rule is held by the page, which also decides about undo. */
export function RuleEditor({ rule, onChange, faults = NONE, ownId, disabled = false }: Props) {
  const vocabulary = useVocabulary();
  const segments = useSegments();
  const words = vocabulary.data;
  const value = useMemo(
    () =>
      words && {
        vocabulary: words,
        segments: segments.data?.items ?? [],
        faults,
        ownId,
        disabled,
        put: (path: number[], next: Rule, field?: string) => onChange(replace(rule, path, next), field),
        edit: (change: (root: Rule) => Rule) => onChange(change(rule)),
      },
    [words, segments.data, faults, ownId, disabled, rule, onChange],
  );
  return (
    <QueryView query={vocabulary}>
      {() =>
        value && (
          <RuleContext.Provider value={value}>
            <RuleGroup rule={rule} path={[]} />
          </RuleContext.Provider>
        )
      }
    </QueryView>
  );
}
