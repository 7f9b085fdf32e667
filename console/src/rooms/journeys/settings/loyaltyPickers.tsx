import { useQuery } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { useFormat } from "@/ui/useFormat";
import { Box, type One } from "./pickers";

/** Coupons that are being issued. */
export function CouponBox(props: One<number>) {
  const f = useFormat();
  const may = useMay();
  const query = useQuery({
    queryKey: ["loyalty", "picker"],
    queryFn: () => must(api.GET("/api/v1/loyalty/coupons", { params: { query: { status: "live", limit: 200 } } })),
    enabled: may("loyalty.read"),
  });
  const options = (query.data?.items ?? []).map((one) => ({
    value: one.id,
    label: `${one.name} · ${f.label(one.promise)}`,
  }));
  return <Box {...props} options={options} loading={query.isFetching} />;
}

/** Surveys that take answers. */
export function SurveyBox(props: One<number>) {
  const may = useMay();
  const query = useQuery({
    queryKey: ["surveys", "picker"],
    queryFn: () => must(api.GET("/api/v1/surveys", { params: { query: { status: "live", limit: 200 } } })),
    enabled: may("surveys.read"),
  });
  const options = (query.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return <Box {...props} options={options} loading={query.isFetching} />;
}
