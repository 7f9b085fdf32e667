import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { CohortMeasure, Grain, Metric } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

/** Names and definitions of the metrics, in the words of the API. */
export function useMetrics() {
  const f = useFormat();
  const { data } = useQuery({
    queryKey: ["measurement", "metrics"],
    queryFn: () => must(api.GET("/api/v1/measurement/metrics")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const metric = (key: string): Metric | undefined => data?.items.find((item) => item.key === key);
  const unit = (key: string) =>
    metric(key)?.unit ?? (key.endsWith("_fen") ? "fen" : key.endsWith("_rate") ? "rate" : "count");
  return {
    name: (key: string): string => f.label(metric(key)?.name) || key,
    definition: (key: string): string => f.label(metric(key)?.definition),
    short: (key: string, value: number | null | undefined): string =>
      unit(key) === "fen" ? f.moneyShort(value) : unit(key) === "rate" ? f.rate(value) : f.short(value),
    full: (key: string, value: number | null | undefined): string =>
      unit(key) === "fen" ? f.money(value) : unit(key) === "rate" ? f.rate(value) : f.count(value),
  };
}

export const useOverview = (grain: Grain, asOf: string | null) =>
  useQuery({
    queryKey: ["measurement", "overview", grain, asOf],
    queryFn: () =>
      must(api.GET("/api/v1/measurement/overview", { params: { query: { grain, as_of: asOf ?? undefined } } })),
    placeholderData: keepPreviousData,
  });

export const useCohorts = (measure: CohortMeasure, asOf: string | null) =>
  useQuery({
    queryKey: ["measurement", "cohorts", measure, asOf],
    queryFn: () =>
      must(api.GET("/api/v1/measurement/cohorts", { params: { query: { measure, as_of: asOf ?? undefined } } })),
    placeholderData: keepPreviousData,
  });

export const useConcentration = (asOf: string | null) =>
  useQuery({
    queryKey: ["measurement", "concentration", asOf],
    queryFn: () =>
      must(api.GET("/api/v1/measurement/concentration", { params: { query: { as_of: asOf ?? undefined } } })),
    placeholderData: keepPreviousData,
  });
