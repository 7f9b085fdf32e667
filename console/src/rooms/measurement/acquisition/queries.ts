import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { consoleHeaders } from "@/api/client";
import { problemOf } from "@/api/problem";
import { useCursorList } from "@/ui/useCursorList";
import type {
  Advice,
  Attribution,
  Bucket,
  CohortValue,
  Experiment,
  ExperimentDraft,
  Kind,
  PastAdvice,
  Planned,
  Sources,
  Waste,
  WastePerson,
} from "./shapes";

const AT = "/api/v1/measurement/acquisition";
const KEY = ["measurement", "acquisition"] as const;

async function read<T>(path: string, query: Record<string, string | number | boolean | undefined> = {}): Promise<T> {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  const answer = await fetch(`${AT}${path}?${params}`, { headers: consoleHeaders() });
  if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
  return answer.json();
}
async function write<T>(path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${AT}${path}`, {
    method: "POST",
    headers: { ...consoleHeaders(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
  return answer.json();
}

export const useSources = (from?: string, to?: string) =>
  useQuery({
    queryKey: [...KEY, "sources", from, to],
    queryFn: () => read<Sources>("/sources", { from, to }),
    placeholderData: keepPreviousData,
  });

export const useWaste = (from?: string, to?: string, source_id?: number) =>
  useQuery({
    queryKey: [...KEY, "waste", from, to, source_id],
    queryFn: () => read<Waste>("/waste", { from, to, source_id }),
    placeholderData: keepPreviousData,
  });

export const useBucketPeople = (bucket: Bucket, source_id: number | undefined, from: string, to: string) =>
  useCursorList<WastePerson>([...KEY, "people", bucket, source_id, from, to], async (before) => {
    const query = { bucket, source_id, from, to, before, limit: 50 };
    const { items, next_before } = await read<{ items: WastePerson[]; next_before: number | null }>(
      "/waste/people",
      query,
    );
    return { items, next_cursor: next_before == null ? null : String(next_before), total: null };
  });

export const useCohortValue = (source_id?: number) =>
  useQuery({
    queryKey: [...KEY, "cohorts", source_id],
    queryFn: () => read<CohortValue>("/cohorts", { source_id }),
    placeholderData: keepPreviousData,
  });

export const useAttribution = (from?: string, to?: string) =>
  useQuery({
    queryKey: [...KEY, "attribution", from, to],
    queryFn: () => read<Attribution>("/attribution", { from, to }),
    placeholderData: keepPreviousData,
  });

export const useAdvice = () => useQuery({ queryKey: [...KEY, "advice"], queryFn: () => read<Advice>("/advice") });

export const usePastAdvice = () =>
  useQuery({ queryKey: [...KEY, "advice", "past"], queryFn: () => read<{ items: PastAdvice[] }>("/advice/past") });

export function useTakeAdvice() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => write("/advice/take", {}),
    onSuccess: () => client.invalidateQueries({ queryKey: [...KEY, "advice"] }),
  });
}

export const useExperiments = () =>
  useQuery({
    queryKey: [...KEY, "experiments"],
    queryFn: () => read<{ items: Experiment[] }>("/experiments"),
  });

export const usePower = (asked: { source_id: number; kind: Kind; units: number; off: number; days: number } | null) =>
  useQuery({
    queryKey: [...KEY, "power", asked],
    queryFn: () => read<Planned>("/experiments/power", asked ?? {}),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  });

export function useExperimentActs() {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: KEY });
  const create = useMutation({
    mutationFn: (draft: ExperimentDraft) => write<{ id: number }>("/experiments", draft),
    onSuccess: refresh,
  });
  const cancel = useMutation({
    mutationFn: (id: number) => write<{ id: number }>(`/experiments/${id}/cancel`, {}),
    onSuccess: refresh,
  });
  return { create, cancel };
}
