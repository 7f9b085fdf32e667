import { useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { useFormat } from "@/ui/useFormat";

/** Reasons in words and what can be done about each, as the gate says them; an unknown one is a carrier's own code. */
export function useReasonWords() {
  const f = useFormat();
  const query = useQuery({
    queryKey: ["messaging", "reasons"],
    queryFn: () => must(api.GET("/api/v1/messaging/reasons")),
    staleTime: 60 * 60_000,
  });
  const of = (code: string) => query.data?.items.find((one) => one.code === code);
  return {
    name: (code: string): string => f.label(of(code)?.name) || code,
    advice: (code: string): string => f.label(of(code)?.way_out),
  };
}
