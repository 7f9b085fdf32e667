import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { SuggestionState } from "@/api/types";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";

export const useSummary = () =>
  useQuery({
    queryKey: ["identity", "summary"],
    queryFn: () => must(api.GET("/api/v1/identity/suggestions/summary")),
  });

export const useSuggestions = (state: SuggestionState) =>
  useCursorList(["identity", "suggestions", state], (cursor) =>
    must(api.GET("/api/v1/identity/suggestions", { params: { query: { state, cursor, limit: 50 } } })),
  );

export type Decision = "accept" | "reject" | "later" | "open";
export type Asked = {
  decision: Decision;
  ids?: number[];
  at_least?: number;
  dry_run?: boolean;
  beyond_limits?: boolean;
};

export const decide = ({ ids = [], at_least, ...asked }: Asked) =>
  must(
    api.POST("/api/v1/identity/suggestions/decisions", {
      body: { dry_run: false, beyond_limits: false, ...asked, ids, at_least: at_least ?? null },
    }),
  );

/** Decide, then ask anew for all that may have changed: lists, counts, and the customers who became one.
    Where a merge would go beyond the limits of identifiers, the person is asked whether it is meant so. */
export function useDecide(onDone?: () => void) {
  const client = useQueryClient();
  const fail = useFail();
  const { modal } = App.useApp();
  const { t } = useTranslation();
  const mutation = useMutation({
    mutationFn: decide,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["identity"] });
      void client.invalidateQueries({ queryKey: ["customers"] });
      onDone?.();
    },
    onError: (error, asked) => {
      if (!(error instanceof ProblemError) || error.code !== "over_limit" || asked.beyond_limits) return fail(error);
      modal.confirm({
        title: t("identity.over_limit"),
        content: error.errors.map((each) => each.message).join(" "),
        okText: t("identity.merge_anyway"),
        onOk: () => mutation.mutate({ ...asked, beyond_limits: true }),
      });
    },
  });
  return mutation;
}
