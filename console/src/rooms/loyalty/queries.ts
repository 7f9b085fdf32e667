import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useJob } from "@/rooms/jobs/queries";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";

export type Coupon = Answer<"/api/v1/loyalty/coupons/{coupon_id}", "get">;
export type CouponDraft = components["schemas"]["CouponBody"];
export type Code = Row<"/api/v1/loyalty/coupons/{coupon_id}/codes">;
export type Posting = Row<"/api/v1/loyalty/points/postings">;
export type PostingKind = Posting["kind"];
export type CouponStatus = Coupon["status"];
export type CodeState = Code["state"];
export type Audience = { segment_id?: number; customer_ids?: number[] };

const path = (coupon_id: number) => ({ params: { path: { coupon_id } } });

export const useTotals = () =>
  useQuery({ queryKey: ["loyalty", "points"], queryFn: () => must(api.GET("/api/v1/loyalty/points")) });

export const useBalances = () =>
  useCursorList(["loyalty", "balances"], (cursor) =>
    must(api.GET("/api/v1/loyalty/points/balances", { params: { query: { cursor } } })),
  );

export const usePostings = (kind: PostingKind | undefined) =>
  useCursorList(["loyalty", "postings", kind], (cursor) =>
    must(api.GET("/api/v1/loyalty/points/postings", { params: { query: { kind, cursor } } })),
  );

export const usePostingPeople = (posting_id: number) =>
  useCursorList(["loyalty", "posting", posting_id], (cursor) =>
    must(
      api.GET("/api/v1/loyalty/points/postings/{posting_id}/people", {
        params: { path: { posting_id }, query: { cursor } },
      }),
    ),
  );

export const useCoupons = (status: CouponStatus | undefined, q: string) =>
  useCursorList(["loyalty", "coupons", status, q], (cursor) =>
    must(api.GET("/api/v1/loyalty/coupons", { params: { query: { status, q, cursor } } })),
  );

export const useCoupon = (id: number | null) =>
  useQuery({
    queryKey: ["loyalty", "coupon", id],
    queryFn: () => must(api.GET("/api/v1/loyalty/coupons/{coupon_id}", path(id ?? 0))),
    enabled: id !== null,
  });

export const useCodes = (coupon_id: number, state: CodeState | undefined) =>
  useCursorList(["loyalty", "codes", coupon_id, state], (cursor) =>
    must(
      api.GET("/api/v1/loyalty/coupons/{coupon_id}/codes", {
        params: { path: { coupon_id }, query: { state, cursor } },
      }),
    ),
  );

export const useCustomerLoyalty = (customer_id: number) =>
  useQuery({
    queryKey: ["loyalty", "customer", customer_id],
    queryFn: () => must(api.GET("/api/v1/loyalty/customers/{customer_id}", { params: { path: { customer_id } } })),
  });

export const useSaveCoupon = (coupon: Coupon | null) =>
  useAct((body: CouponDraft) =>
    coupon
      ? must(
          api.PUT("/api/v1/loyalty/coupons/{coupon_id}", { ...path(coupon.id), body: { ...body, edit: coupon.edit } }),
        )
      : must(api.POST("/api/v1/loyalty/coupons", { body })),
  );

export const useCouponStatus = (id: number) =>
  useAct((status: "live" | "stopped") =>
    must(api.POST("/api/v1/loyalty/coupons/{coupon_id}/status", { ...path(id), body: { status } })),
  );

/** A change; what is shown of points and coupons is asked for again, and a refusal is told in the corner. */
export function useAct<A, R>(act: (given: A) => Promise<R>) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: act,
    onSuccess: () => client.invalidateQueries({ queryKey: ["loyalty"] }),
    onError: fail,
  });
}

/** A reference of one act by hand: sent twice, it is done once. */
export const newRef = () => `hand:${crypto.randomUUID()}`;

/** Giving runs as a job; told when it is over: how many have it, how many have not and why. */
export function useGiving() {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [jobId, setJobId] = useState<string | null>(null);
  useJob(jobId, (job) => {
    setJobId(null);
    void client.invalidateQueries({ queryKey: ["loyalty"] });
    if (job.status !== "done") {
      void message.error(f.label(job.error) || t(`jobs.status_${job.status}`));
      return;
    }
    const result = (job.result ?? {}) as Record<string, number>;
    const refused = Object.entries(result)
      .filter(([name, count]) => name.endsWith("_count") && !["people_count", "done_count"].includes(name) && count > 0)
      .map(([name, count]) => `${t(`loyalty.refused_${name.replace("_count", "")}`)} ${f.count(count)}`);
    const given = t("loyalty.given", { n: f.count(result.done_count ?? 0) });
    void message.success([given, ...refused].join(" · "), refused.length ? 8 : 4);
  });
  const started = (job: string) => {
    setJobId(job);
    void client.invalidateQueries({ queryKey: ["jobs"] });
    void message.info(t("loyalty.giving"));
  };
  return { busy: jobId !== null, start: started };
}
