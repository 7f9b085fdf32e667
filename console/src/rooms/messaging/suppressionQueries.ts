import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Row } from "@/api/answer";
import { api, must } from "@/api/client";
import type { paths } from "@/api/schema";
import { useCursorList } from "@/ui/useCursorList";

export type Suppression = Row<"/api/v1/messaging/suppressions">;
type Query = NonNullable<paths["/api/v1/messaging/suppressions"]["get"]["parameters"]["query"]>;
export type Sought = Pick<Query, "carrier" | "reason" | "q">;
export type NewSuppression =
  paths["/api/v1/messaging/suppressions"]["post"]["requestBody"]["content"]["application/json"];

export const useSuppressions = (sought: Sought) =>
  useCursorList<Suppression>(["messaging", "suppressions", sought], (cursor) =>
    must(api.GET("/api/v1/messaging/suppressions", { params: { query: { ...sought, cursor, limit: 50 } } })),
  );

export function useSuppress() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewSuppression) => must(api.POST("/api/v1/messaging/suppressions", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["messaging", "suppressions"] }),
  });
}

export function useLift() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ one, note }: { one: Suppression; note: string }) =>
      must(
        api.POST("/api/v1/messaging/suppressions/{carrier}/{id}/lift", {
          params: { path: { carrier: one.carrier as NonNullable<Sought["carrier"]>, id: one.id } },
          body: { note },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["messaging", "suppressions"] }),
  });
}
