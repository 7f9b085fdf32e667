import { useQueries, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { createContext, useContext, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { useAccounts, useStores } from "@/rooms/carriers/queries";
import { useTags } from "@/rooms/customers/queries";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { useMay } from "@/shell/session";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";

export type One<T> = {
  label: string;
  disabled: boolean;
  value: T | undefined;
  onChange: (value: T | null) => void;
  many?: false;
};
type Many<T> = { label: string; disabled: boolean; value: T[]; onChange: (value: T[]) => void; many: true };
type Option = { value: number; label: string; disabled?: boolean };
type BoxProps = {
  label: string;
  disabled: boolean;
  options: Option[];
  loading: boolean;
  none?: React.ReactNode;
  onSearch?: (typed: string) => void;
};

/** A select over what exists. A number that is not in the list (deleted, or not to be seen) is shown as it is. */
export function Box({ options, loading, none, onSearch, ...props }: BoxProps & (One<number> | Many<number>)) {
  const { t } = useTranslation();
  const known = new Set(options.map((one) => one.value));
  const held = props.many ? props.value : props.value ? [props.value] : [];
  const all = [...options, ...held.filter((id) => !known.has(id)).map((id) => ({ value: id, label: `#${id}` }))];
  return (
    <Select
      mode={props.many ? "multiple" : undefined}
      aria-label={props.label}
      placeholder={t("journeys.choose")}
      allowClear
      showSearch={onSearch ? { filterOption: false, onSearch } : { optionFilterProp: "label" }}
      value={props.many ? props.value : props.value || undefined}
      onChange={(next: number | number[] | undefined) =>
        props.many ? props.onChange((next as number[]) ?? []) : props.onChange((next as number | undefined) ?? null)
      }
      options={all}
      loading={loading}
      notFoundContent={none}
      disabled={props.disabled}
      style={{ width: "100%" }}
    />
  );
}

export function SegmentBox(props: One<number> | Many<number>) {
  const { t } = useTranslation();
  const f = useFormat();
  const segments = useSegments();
  const options = (segments.data?.items ?? []).map((one) => ({
    value: one.id,
    label: one.customer_count === null ? one.name : `${one.name} · ${f.count(one.customer_count)}`,
    disabled: one.status === "invalid",
  }));
  const none = <Nothing text={t("journeys.no_segment")} to="/segments/new" link={t("segments.new")} />;
  return <Box {...props} options={options} loading={segments.isFetching} none={none} />;
}

export function PieceBox(props: One<number>) {
  const { t } = useTranslation();
  const may = useMay();
  const [typed, setTyped] = useState("");
  const q = useDebounced(typed.trim(), 250);
  const pieces = useQuery({
    queryKey: ["journeys", "pieces", q],
    queryFn: () =>
      must(api.GET("/api/v1/content/pieces", { params: { query: { q: q || undefined, usable: true, limit: 100 } } })),
    placeholderData: (before) => before,
    enabled: may("content.read"),
  });
  const mine = useQuery({
    queryKey: ["content", "piece", props.value],
    queryFn: () =>
      must(api.GET("/api/v1/content/pieces/{piece_id}", { params: { path: { piece_id: props.value as number } } })),
    enabled: !!props.value && may("content.read"),
    staleTime: 30_000,
    retry: false,
  });
  const options = (pieces.data?.items ?? []).map((one) => ({
    value: one.id,
    label: `${one.name} · ${t(`campaigns.purpose_${one.purpose}`)}`,
  }));
  if (mine.data && !options.some((one) => one.value === mine.data.id))
    options.push({ value: mine.data.id, label: mine.data.name });
  const none = <Nothing text={t("journeys.no_piece")} to="/content" link={t("shell.page_content")} />;
  return <Box {...props} options={options} loading={pieces.isFetching} none={none} onSearch={setTyped} />;
}

export function AccountBox(props: One<number> | Many<number>) {
  const { t } = useTranslation();
  const accounts = useAccounts();
  const options = (accounts.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  const none = <Nothing text={t("journeys.no_account")} to="/accounts/new" link={t("shell.page_accounts")} />;
  return <Box {...props} options={options} loading={accounts.isFetching} none={none} />;
}

export function JourneyBox(props: One<number>) {
  const journeys = useQuery({
    queryKey: ["journeys", "names"],
    queryFn: () => must(api.GET("/api/v1/journeys", { params: { query: { limit: 200 } } })),
  });
  const options = (journeys.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return <Box {...props} options={options} loading={journeys.isFetching} />;
}

export function CouponBox(props: One<number>) {
  const { t } = useTranslation();
  const coupons = useQuery({
    queryKey: ["journeys", "coupons"],
    queryFn: () => must(api.GET("/api/v1/loyalty/coupons")),
  });
  const options = (coupons.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return (
    <Box
      {...props}
      options={options}
      loading={coupons.isFetching}
      none={<p className="small">{t("journeys.no_coupon")}</p>}
    />
  );
}

export function SurveyBox(props: One<number>) {
  const { t } = useTranslation();
  const surveys = useQuery({ queryKey: ["journeys", "surveys"], queryFn: () => must(api.GET("/api/v1/surveys")) });
  const options = (surveys.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return (
    <Box
      {...props}
      options={options}
      loading={surveys.isFetching}
      none={<p className="small">{t("journeys.no_survey")}</p>}
    />
  );
}

/** Codes of groups that are open, of every WeCom account. */
export function JoinWayBox(props: One<number>) {
  const { t } = useTranslation();
  const accounts = useAccounts();
  const found = useQueries({
    queries: (accounts.data?.items ?? [])
      .filter((one) => one.product === "wecom")
      .map((one) => ({
        queryKey: ["journeys", "joins", one.id],
        queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/join-ways", { params: { path: { id: one.id } } })),
        staleTime: 60_000,
        retry: false,
      })),
  });
  const ways = found.flatMap((query) => query.data?.items ?? []).filter((way) => way.status === "open");
  return (
    <Box
      {...props}
      options={ways.map((way) => ({ value: way.id, label: way.name }))}
      loading={found.some((query) => query.isFetching)}
      none={<Nothing text={t("journeys.no_join_way")} to="/codes" link={t("shell.page_codes")} />}
    />
  );
}

export function StoreBox(props: One<number>) {
  const stores = useStores();
  const options = (stores.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return <Box {...props} options={options} loading={stores.isFetching} />;
}

export function TraitBox(props: One<number>) {
  const traits = useQuery({ queryKey: ["journeys", "traits"], queryFn: () => must(api.GET("/api/v1/traits")) });
  const options = (traits.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  return <Box {...props} options={options} loading={traits.isFetching} />;
}

type WaysProps = { label: string; value: string[]; onChange: (ways: string[]) => void; disabled: boolean };

/** Live codes of every account, by their state; one that is still to be made may be typed. */
export function WaysBox({ label, value, onChange, disabled }: WaysProps) {
  const { t } = useTranslation();
  const accounts = useAccounts();
  const found = useQueries({
    queries: (accounts.data?.items ?? [])
      .filter((one) => one.product === "wecom")
      .map((one) => ({
        queryKey: ["journeys", "ways", one.id],
        queryFn: () =>
          must(api.GET("/api/v1/carriers/accounts/{id}/contact-ways", { params: { path: { id: one.id } } })),
        staleTime: 60_000,
        retry: false,
      })),
  });
  const ways = found.flatMap((query) => query.data?.items ?? []).filter((way) => way.state);
  return (
    <Select
      mode="tags"
      aria-label={label}
      placeholder={t("journeys.ways_all")}
      value={value}
      onChange={onChange}
      options={ways.map((way) => ({ value: way.state, label: way.name || way.state }))}
      disabled={disabled}
      style={{ width: "100%" }}
    />
  );
}

type TagsProps = {
  label: string;
  value: string[];
  onChange: (tags: string[]) => void;
  disabled: boolean;
  one?: boolean;
};

export function TagsBox({ label, value, onChange, disabled, one }: TagsProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const tags = useTags();
  return (
    <Select
      mode="tags"
      maxCount={one ? 1 : undefined}
      aria-label={label}
      placeholder={t("journeys.tag_hint")}
      value={value}
      onChange={onChange}
      tokenSeparators={[",", "，", "、"]}
      options={(tags.data?.items ?? []).map((tag) => ({
        value: tag.tag,
        label: `${tag.tag} · ${f.count(tag.customer_count)}`,
      }))}
      optionLabelProp="value"
      disabled={disabled}
      style={{ width: "100%" }}
    />
  );
}

/** The steps of the journey under the pen, by name. */
export const NodesContext = createContext<{ value: string; label: string }[]>([]);

export function NodeBox({ label, value, onChange, disabled }: One<string>) {
  const { t } = useTranslation();
  const options = useContext(NodesContext);
  return (
    <Select
      aria-label={label}
      placeholder={t("journeys.choose")}
      value={value}
      allowClear
      onChange={(next: string | undefined) => onChange(next ?? null)}
      options={options}
      disabled={disabled}
      style={{ width: "100%" }}
    />
  );
}

const Nothing = ({ text, to, link }: { text: string; to: string; link: string }) => (
  <p className="small">
    {text} <Link to={to}>{link}</Link>
  </p>
);
