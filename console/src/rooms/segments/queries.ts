import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";

const query = (asOf: string | null) => ({ params: { query: { as_of: asOf ?? undefined, kept: true } } });

export const useRfm = (asOf: string | null) =>
  useQuery({
    queryKey: ["segments", "rfm", asOf],
    queryFn: () => must(api.GET("/api/v1/segments/rfm", query(asOf))),
    placeholderData: keepPreviousData,
  });

export const useLifecycle = (asOf: string | null) =>
  useQuery({
    queryKey: ["segments", "lifecycle", asOf],
    queryFn: () => must(api.GET("/api/v1/segments/lifecycle", query(asOf))),
    placeholderData: keepPreviousData,
  });

export const useValue = (asOf: string | null) =>
  useQuery({
    queryKey: ["segments", "value", asOf],
    queryFn: () => must(api.GET("/api/v1/segments/value", query(asOf))),
    placeholderData: keepPreviousData,
  });

export const useQuality = () =>
  useQuery({
    queryKey: ["segments", "quality"],
    queryFn: () => must(api.GET("/api/v1/segments/quality")),
  });
