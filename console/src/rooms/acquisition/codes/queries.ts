import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import type { Answer } from "@/api/answer";
import { api, consoleHeaders, must } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { components } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

type Schemas = components["schemas"];
export type Code = Answer<"/api/v1/acquisition/codes/{code_id}", "get">;
export type CodeDraft = Schemas["NewCode"];
export type Plan = Schemas["CodePlan"];
export type Shift = Schemas["CodeShift"];
export type ShortLink = Schemas["ShortLinkInfo"];
export type LinkDraft = Schemas["NewShortLink"];
export type Spot = Schemas["StoreSpot"];
export type Landing = Schemas["LandingInfo"];
export type Look = Schemas["LandingLook"];
export type Design = Schemas["PosterBatch"];

const OFTEN = 15_000;

export const useCodes = (status: "open" | "closed") =>
  useQuery({
    queryKey: ["codes", "list", status],
    queryFn: () => must(api.GET("/api/v1/acquisition/codes", { params: { query: { status } } })),
    refetchInterval: OFTEN,
  });

export const useCode = (code_id: number) =>
  useQuery({
    queryKey: ["codes", code_id],
    queryFn: () => must(api.GET("/api/v1/acquisition/codes/{code_id}", { params: { path: { code_id } } })),
    refetchInterval: OFTEN,
  });

export const useFigures = (code_id: number) =>
  useQuery({
    queryKey: ["codes", code_id, "figures"],
    queryFn: () =>
      must(
        api.GET("/api/v1/acquisition/codes/{code_id}/figures", { params: { path: { code_id }, query: { days: 30 } } }),
      ),
  });

export const useSourceTree = () =>
  useQuery({
    queryKey: ["acquisition", "sources", "for codes"],
    queryFn: () => must(api.GET("/api/v1/acquisition/sources")),
  });

export const useGroups = (account_id: number | undefined) =>
  useQuery({
    queryKey: ["codes", "groups", account_id],
    enabled: account_id !== undefined,
    queryFn: () =>
      must(api.GET("/api/v1/acquisition/codes/groups", { params: { query: { account_id: account_id as number } } })),
    staleTime: 60_000,
  });

/** After a change of anything here the lists are read again. */
function useChange<T, R>(change: (given: T) => Promise<R>, then?: (made: R) => void) {
  const client = useQueryClient();
  const fail = useFail();
  const { message } = App.useApp();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: change,
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["codes"] });
      void message.success(t("ui.saved"));
      then?.(made);
    },
    onError: fail,
  });
}

export const useSaveCode = (code: Code | null, then: (made: Code) => void) =>
  useChange((draft: CodeDraft) => {
    const { account_id, kind, ...body } = draft;
    return code
      ? must(
          api.PUT("/api/v1/acquisition/codes/{code_id}", {
            params: { path: { code_id: code.id } },
            body: { ...body, edit: code.edit },
          }),
        )
      : must(api.POST("/api/v1/acquisition/codes", { body: { ...body, account_id, kind } }));
  }, then);

/** The code as it is, once more: what the carrier never made is asked for again. */
export const useRetryCode = (code: Code) =>
  useChange((_: undefined) => {
    const { name, source_id, offer_id, store_id, plan, skip_verify, tags, welcome, groups, group_limit, opens_groups } =
      code;
    const body = {
      name,
      source_id,
      offer_id,
      store_id,
      plan,
      skip_verify,
      tags,
      welcome,
      groups,
      group_limit,
      opens_groups,
    };
    return must(
      api.PUT("/api/v1/acquisition/codes/{code_id}", {
        params: { path: { code_id: code.id } },
        body: { ...body, edit: code.edit },
      }),
    );
  });

export const useCloseCode = () =>
  useChange((code_id: number) =>
    must(api.POST("/api/v1/acquisition/codes/{code_id}/close", { params: { path: { code_id } } })),
  );

export const useRouteCode = () =>
  useChange((code_id: number) =>
    must(api.POST("/api/v1/acquisition/codes/{code_id}/route", { params: { path: { code_id } } })),
  );

export const useLinks = () =>
  useCursorList(["codes", "links"], (cursor) =>
    must(api.GET("/api/v1/acquisition/links", { params: { query: { cursor } } })),
  );

export const useSaveLink = (link: ShortLink | null, then: () => void) =>
  useChange((draft: LinkDraft) => {
    const { code, ...body } = draft;
    return link
      ? must(api.PUT("/api/v1/acquisition/links/{link_id}", { params: { path: { link_id: link.id } }, body }))
      : must(api.POST("/api/v1/acquisition/links", { body: { ...body, code } }));
  }, then);

export const useCloseLink = () =>
  useChange((link_id: number) =>
    must(api.POST("/api/v1/acquisition/links/{link_id}/close", { params: { path: { link_id } } })),
  );

export const useSpots = () =>
  useQuery({ queryKey: ["codes", "places"], queryFn: () => must(api.GET("/api/v1/acquisition/places")) });

export const useSaveSpot = (then: () => void) =>
  useChange(
    ({ store_id, latitude, longitude, code_id, hours }: Spot) =>
      must(
        api.PUT("/api/v1/acquisition/places/{store_id}", {
          params: { path: { store_id } },
          body: { latitude, longitude, code_id, hours },
        }),
      ),
    then,
  );

export const useLandings = () =>
  useQuery({ queryKey: ["codes", "pages"], queryFn: () => must(api.GET("/api/v1/acquisition/pages")) });

export const useLanding = (page_id: number) =>
  useQuery({
    queryKey: ["codes", "pages", page_id],
    enabled: page_id > 0,
    queryFn: () => must(api.GET("/api/v1/acquisition/pages/{page_id}", { params: { path: { page_id } } })),
  });

export const useSaveLanding = (page: Landing | null, then: (made: Landing) => void) =>
  useChange(
    (body: { name: string; source_id: number; look: Look }) =>
      page
        ? must(
            api.PUT("/api/v1/acquisition/pages/{page_id}", {
              params: { path: { page_id: page.id } },
              body: { ...body, edit: page.edit },
            }),
          )
        : must(api.POST("/api/v1/acquisition/pages", { body })),
    then,
  );

export const useLandingStatus = (page_id: number) =>
  useChange((status: "live" | "closed") =>
    must(api.POST("/api/v1/acquisition/pages/{page_id}/status", { params: { path: { page_id } }, body: { status } })),
  );

/** The page as people would see it, made by the server that shows it to them. */
export const useLandingPreview = (look: Look, lang: "zh" | "en") =>
  useQuery({
    queryKey: ["landing preview", look, lang],
    queryFn: async () => {
      const answer = await fetch(`/api/v1/acquisition/pages/preview?lang=${lang}`, {
        method: "POST",
        headers: { ...consoleHeaders(), "Content-Type": "application/json" },
        body: JSON.stringify(look),
      });
      if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
      return answer.text();
    },
    placeholderData: (before) => before,
    gcTime: 60_000,
    retry: false,
  });

export const useSheets = (design: Design, enabled: boolean) =>
  useQuery({
    queryKey: ["posters", design],
    enabled,
    queryFn: () => must(api.POST("/api/v1/acquisition/posters/sheets", { body: design })),
    placeholderData: (before) => before,
    retry: false,
  });

export const usePosterChoice = () =>
  useQuery({
    queryKey: ["posters", "choice"],
    queryFn: () => must(api.GET("/api/v1/acquisition/posters")),
    staleTime: Number.POSITIVE_INFINITY,
  });
