import { useQueries, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useAccounts } from "@/rooms/carriers/queries";
import { useMay } from "@/shell/session";

/** WeCom accounts; nobody who may not read them is asked to. */
function useCorps() {
  const accounts = useAccounts();
  return (accounts.data?.items ?? []).filter((one) => one.product === "wecom");
}

type WayProps = { value: number | null; onChange: (account: number | null, way: number | null) => void };

/** Live codes that are open, of every account. */
export function WayBox({ value, onChange }: WayProps) {
  const { t } = useTranslation();
  const corps = useCorps();
  const found = useQueries({
    queries: corps.map((one) => ({
      queryKey: ["offers", "ways", one.id],
      queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/contact-ways", { params: { path: { id: one.id } } })),
      staleTime: 60_000,
      retry: false,
    })),
  });
  const ways = found.flatMap((query, at) =>
    (query.data?.items ?? [])
      .filter((way) => way.status === "open")
      .map((way) => ({ account: corps[at]?.id ?? 0, way })),
  );
  return (
    <Select
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      aria-label={t("offers.way")}
      placeholder={t("offers.choose")}
      value={value ?? undefined}
      onChange={(id: number | undefined) =>
        onChange(ways.find((one) => one.way.id === id)?.account ?? null, id ?? null)
      }
      options={ways.map((one) => ({ value: one.way.id, label: one.way.name }))}
      notFoundContent={t("offers.no_way")}
    />
  );
}

type JoinProps = { value: number | null; onChange: (way: number | null) => void; disabled: boolean };

export function JoinWayBox({ value, onChange, disabled }: JoinProps) {
  const { t } = useTranslation();
  const found = useQueries({
    queries: useCorps().map((one) => ({
      queryKey: ["offers", "joins", one.id],
      queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/join-ways", { params: { path: { id: one.id } } })),
      staleTime: 60_000,
      retry: false,
    })),
  });
  const ways = found.flatMap((query) => query.data?.items ?? []).filter((way) => way.status === "open");
  return (
    <Select
      allowClear
      disabled={disabled}
      showSearch={{ optionFilterProp: "label" }}
      aria-label={t("offers.join_way")}
      placeholder={t("offers.choose")}
      value={value ?? undefined}
      onChange={(id: number | undefined) => onChange(id ?? null)}
      options={ways.map((way) => ({ value: way.id, label: way.name }))}
      notFoundContent={t("offers.no_join_way")}
    />
  );
}

/** The tree of sources, each by its whole name. */
export function SourceBox({ value, onChange }: { value: number | null; onChange: (source: number | null) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const sources = useQuery({
    queryKey: ["offers", "sources"],
    queryFn: () => must(api.GET("/api/v1/acquisition/sources")),
    enabled: may("acquisition.read"),
    staleTime: 60_000,
  });
  const items = sources.data?.items ?? [];
  const names = new Map(items.map((one) => [one.id, one]));
  const whole = (id: number | null | undefined): string => {
    const one = id == null ? undefined : names.get(id);
    return one ? [whole(one.parent_id), one.name].filter(Boolean).join(" / ") : "";
  };
  return (
    <Select
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      aria-label={t("offers.source")}
      placeholder={t("offers.choose")}
      value={value ?? undefined}
      onChange={(id: number | undefined) => onChange(id ?? null)}
      options={items.map((one) => ({ value: one.id, label: whole(one.id) }))}
    />
  );
}
