import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

export type Offer = Answer<"/api/v1/acquisition/offers/{offer_id}", "get">;
export type OfferDraft = components["schemas"]["OfferBody"];
export type Prize = components["schemas"]["PrizeBody"];
export type OfferForm = Offer["form"];
export type OfferStatus = Offer["status"];
export type ClaimState = Row<"/api/v1/acquisition/offers/{offer_id}/claims">["state"];

const path = (offer_id: number) => ({ params: { path: { offer_id } } });

export const useOffers = (status: OfferStatus | undefined, q: string) =>
  useCursorList(["offers", "list", status, q], (cursor) =>
    must(api.GET("/api/v1/acquisition/offers", { params: { query: { status, q, cursor } } })),
  );

export const useOffer = (id: number | null) =>
  useQuery({
    queryKey: ["offers", "one", id],
    queryFn: () => must(api.GET("/api/v1/acquisition/offers/{offer_id}", path(id as number))),
    enabled: id !== null,
  });

export const useClaims = (offer_id: number, state: ClaimState | undefined) =>
  useCursorList(["offers", "claims", offer_id, state], (cursor) =>
    must(
      api.GET("/api/v1/acquisition/offers/{offer_id}/claims", {
        params: { path: { offer_id }, query: { state, cursor } },
      }),
    ),
  );

export const useRefusals = (offer_id: number, reason: string | undefined) =>
  useCursorList(["offers", "refusals", offer_id, reason], (cursor) =>
    must(
      api.GET("/api/v1/acquisition/offers/{offer_id}/refusals", {
        params: { path: { offer_id }, query: { reason, cursor } },
      }),
    ),
  );

/** What is missing in an offer, asked while it is being written. */
export const useChecked = (draft: OfferDraft) =>
  useQuery({
    queryKey: ["offers", "check", draft],
    queryFn: () => must(api.POST("/api/v1/acquisition/offers/check", { body: draft })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const useOdds = (prizes: Prize[], people: number) =>
  useQuery({
    queryKey: ["offers", "odds", prizes, people],
    queryFn: () => must(api.POST("/api/v1/acquisition/offers/odds", { body: { prizes, people } })),
    placeholderData: keepPreviousData,
    enabled: prizes.length > 0 && prizes.every((one) => one.coupon_id > 0 && one.stock > 0 && one.odds_ppm > 0),
    retry: false,
  });

export const useSaveOffer = (offer: Offer | null) =>
  useAct((body: OfferDraft) =>
    offer
      ? must(
          api.PUT("/api/v1/acquisition/offers/{offer_id}", { ...path(offer.id), body: { ...body, edit: offer.edit } }),
        )
      : must(api.POST("/api/v1/acquisition/offers", { body })),
  );

export const useOfferStatus = (id: number) =>
  useAct((status: "live" | "paused" | "ended") =>
    must(api.POST("/api/v1/acquisition/offers/{offer_id}/status", { ...path(id), body: { status } })),
  );

export const useCopyOffer = (id: number) =>
  useAct(() => must(api.POST("/api/v1/acquisition/offers/{offer_id}/copy", path(id))));

export const useRemoveOffer = (id: number) =>
  useAct(() => must(api.DELETE("/api/v1/acquisition/offers/{offer_id}", path(id))));

export const useSharedLink = (id: number) =>
  useAct(() =>
    must(api.POST("/api/v1/acquisition/offers/{offer_id}/links", { ...path(id), body: { customer_ids: [] } })),
  );

export const useRedeemPage = () =>
  useAct((body: { account_id: number; staff: string; tell: boolean }) =>
    must(api.POST("/api/v1/acquisition/redemptions/pages", { body })),
  );

function useAct<A, R>(act: (given: A) => Promise<R>) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: act,
    onSuccess: () => client.invalidateQueries({ queryKey: ["offers"] }),
    onError: fail,
  });
}
