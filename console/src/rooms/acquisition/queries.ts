import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

export type Source = Row<"/api/v1/acquisition/sources">;
export type Figures = Row<"/api/v1/acquisition/figures">;
export type Entry = Answer<"/api/v1/acquisition/spend/{entry_id}", "get">;
export type SpendBody = components["schemas"]["SpendBody"];
export type SourceBody = Omit<components["schemas"]["ChangedSource"], "edit">;
export type SpendFile = Answer<"/api/v1/acquisition/spend/files/{file_id}", "get">;
export type SpendImport = Answer<"/api/v1/acquisition/spend/imports/{import_id}", "get">;
export type Budgets = Answer<"/api/v1/acquisition/budgets", "get">;
export type BudgetCell = Budgets["cells"][number];
export type Mark = Row<"/api/v1/acquisition/marks">;
export type Level = Source["level"];
export type Platform = Source["platform"];
export type Kind = Entry["kind"];
export type Wanted = {
  from_on?: string;
  to_on?: string;
  source_id?: number;
  kind?: Kind;
  origin?: Entry["origin"];
  standing?: boolean;
};

export const LEVELS: Level[] = ["platform", "campaign", "creative", "place"];
export const PLATFORMS: Platform[] = [
  "douyin",
  "xiaohongshu",
  "kuaishou",
  "weibo",
  "zhihu",
  "baidu",
  "toutiao",
  "wechat_search",
  "taobao",
  "jd",
  "pdd",
  "meituan",
  "alipay",
  "lift",
  "metro",
  "shop",
  "staff",
  "referral",
  "other",
];
export const KINDS: Kind[] = ["media", "kol", "gift", "coupon", "message_fee", "commission", "staff_time", "other"];
const KEY = "acquisition";
const of = (source_id: number) => ({ params: { path: { source_id } } });

export const useSources = (archived = false) =>
  useQuery({
    queryKey: [KEY, "sources", archived],
    queryFn: () => must(api.GET("/api/v1/acquisition/sources", { params: { query: { archived } } })),
  });

export const useFigures = (from_on: string, to_on: string) =>
  useQuery({
    queryKey: [KEY, "figures", from_on, to_on],
    queryFn: () => must(api.GET("/api/v1/acquisition/figures", { params: { query: { from_on, to_on } } })),
  });

export const useMarks = (source_id: number) =>
  useCursorList([KEY, "marks", source_id], (cursor) =>
    must(api.GET("/api/v1/acquisition/marks", { params: { query: { source_id, cursor } } })),
  );

export const useSpend = (wanted: Wanted) =>
  useCursorList([KEY, "spend", wanted], (cursor) =>
    must(api.GET("/api/v1/acquisition/spend", { params: { query: { ...wanted, cursor } } })),
  );

export const useSpendTotals = (wanted: Wanted) =>
  useQuery({
    queryKey: [KEY, "totals", wanted],
    queryFn: () => must(api.GET("/api/v1/acquisition/spend/totals", { params: { query: wanted } })),
  });

export const useSpendFile = (file_id: string) =>
  useQuery({
    queryKey: [KEY, "file", file_id],
    queryFn: () => must(api.GET("/api/v1/acquisition/spend/files/{file_id}", { params: { path: { file_id } } })),
  });

export const useSpendImport = (import_id: number | null) =>
  useQuery({
    queryKey: [KEY, "import", import_id],
    queryFn: () =>
      must(
        api.GET("/api/v1/acquisition/spend/imports/{import_id}", {
          params: { path: { import_id: import_id as number } },
        }),
      ),
    enabled: import_id !== null,
    refetchInterval: (query) => (query.state.data?.ended_at ? false : 800),
  });

export const useBudgets = (first: string, count: number) =>
  useQuery({
    queryKey: [KEY, "budgets", first, count],
    queryFn: () => must(api.GET("/api/v1/acquisition/budgets", { params: { query: { first, count } } })),
  });

export const useRates = () =>
  useQuery({ queryKey: [KEY, "rates"], queryFn: () => must(api.GET("/api/v1/acquisition/rates")) });

export const useAddSource = () =>
  useAct((body: SourceBody & { level: Level; parent_id: number | null }) =>
    must(api.POST("/api/v1/acquisition/sources", { body })),
  );

export const useChangeSource = (source: Source | null) =>
  useAct(async ({ body, parent_id }: { body: SourceBody; parent_id: number | null }) => {
    const held = source as Source;
    const made = await must(
      api.PUT("/api/v1/acquisition/sources/{source_id}", { ...of(held.id), body: { ...body, edit: held.edit } }),
    );
    if (parent_id === null || parent_id === held.parent_id) return made;
    return must(api.POST("/api/v1/acquisition/sources/{source_id}/move", { ...of(held.id), body: { parent_id } }));
  });

export const useArchive = () =>
  useAct(({ id, archived }: { id: number; archived: boolean }) =>
    must(api.POST("/api/v1/acquisition/sources/{source_id}/archive", { ...of(id), body: { archived } })),
  );

export const usePutMark = () =>
  useAct((body: components["schemas"]["MarkBody"]) => must(api.POST("/api/v1/acquisition/marks", { body })));

export const useImportSources = () =>
  useAct((body: { file_id: string; dry_run: boolean }) =>
    must(api.POST("/api/v1/acquisition/sources/import", { body })),
  );

export const usePost = () =>
  useAct((entry: SpendBody) => must(api.POST("/api/v1/acquisition/spend", { body: { entries: [entry] } })));

export const useCorrect = (entry_id: number) =>
  useAct((body: { reason: string; instead: SpendBody | null }) =>
    must(api.POST("/api/v1/acquisition/spend/{entry_id}/correct", { params: { path: { entry_id } }, body })),
  );

export const useImportSpend = () =>
  useAct((body: components["schemas"]["NewSpendImport"]) =>
    must(api.POST("/api/v1/acquisition/spend/imports", { body })),
  );

export const useSetBudgets = () =>
  useAct((body: components["schemas"]["BudgetsToSet"]) => must(api.PUT("/api/v1/acquisition/budgets", { body })));

export const useSetRates = () =>
  useAct((body: components["schemas"]["SpendRatesToSet"]) => must(api.PUT("/api/v1/acquisition/rates", { body })));

/** A change; what is shown of sources and spend is asked for again, and a refusal is told in the corner. */
export function useAct<A, R>(act: (given: A) => Promise<R>) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: act,
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
    onError: fail,
  });
}
