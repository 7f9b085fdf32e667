import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { CohortMeasure, Grain, Metric, Overview } from "@/api/types";
import { useBrand } from "@/shell/session";
import { formatDate } from "@/ui/format";
import { useFormat } from "@/ui/useFormat";

const DAY_MS = 86_400_000;

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

const readOverview = (grain: Grain, as_of?: string) =>
  must(api.GET("/api/v1/measurement/overview", { params: { query: { grain, as_of, kept: true } } }));

/** Unless a day is chosen: up to yesterday, the last whole day; where nothing is that young, up to the day the server picks. */
async function readUsual(grain: Grain, yesterday: string): Promise<Overview> {
  const overview = await readOverview(grain, yesterday);
  const lives = overview.cards.some((card) => card.metric === "active_buyers_90d" && card.value);
  return lives ? overview : readOverview(grain);
}

export function useOverview(grain: Grain, asOf: string | null) {
  const { time_zone } = useBrand();
  const yesterday = formatDate(new Date(Date.now() - DAY_MS).toISOString(), time_zone);
  return useQuery({
    queryKey: ["measurement", "overview", grain, asOf ?? `until ${yesterday}`],
    queryFn: () => (asOf ? readOverview(grain, asOf) : readUsual(grain, yesterday)),
    placeholderData: keepPreviousData,
  });
}

export const useCohorts = (measure: CohortMeasure, asOf: string | null) =>
  useQuery({
    queryKey: ["measurement", "cohorts", measure, asOf],
    queryFn: () =>
      must(
        api.GET("/api/v1/measurement/cohorts", {
          params: { query: { measure, as_of: asOf ?? undefined, kept: true } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const useConcentration = (asOf: string | null) =>
  useQuery({
    queryKey: ["measurement", "concentration", asOf],
    queryFn: () =>
      must(
        api.GET("/api/v1/measurement/concentration", { params: { query: { as_of: asOf ?? undefined, kept: true } } }),
      ),
    placeholderData: keepPreviousData,
  });
