import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useCursorList } from "@/ui/useCursorList";
import { LIVE } from "./words";

export type Send = Answer<"/api/v1/messaging/sends/{id}", "get">;

const OFTEN = 2_000;
const SELDOM = 15_000;
const path = (id: number) => ({ params: { path: { id } } });

export const useSends = (status: string | undefined, ref: string) =>
  useCursorList(["messaging", "sends", status, ref], (cursor) =>
    must(api.GET("/api/v1/messaging/sends", { params: { query: { status, ref, cursor, limit: 50 } } })),
  );

/** Asked for often while something of it moves. */
export const useSend = (id: number) =>
  useQuery({
    queryKey: ["messaging", "send", id],
    queryFn: () => must(api.GET("/api/v1/messaging/sends/{id}", path(id))),
    refetchInterval: (query) => (LIVE.includes(query.state.data?.status ?? "") ? OFTEN : SELDOM),
  });

export function useSendAct(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: "pause" | "resume" | "cancel") => {
      switch (act) {
        case "pause":
          return must(api.POST("/api/v1/messaging/sends/{id}/pause", path(id)));
        case "resume":
          return must(api.POST("/api/v1/messaging/sends/{id}/resume", path(id)));
        case "cancel":
          return must(api.POST("/api/v1/messaging/sends/{id}/cancel", path(id)));
      }
    },
    onSuccess: (send) => {
      client.setQueryData(["messaging", "send", id], send);
      void client.invalidateQueries({ queryKey: ["messaging"] });
    },
  });
}

export type Dispatch = Row<"/api/v1/messaging/dispatches">;
export type DispatchStatus = Dispatch["status"];
export const useDispatches = (wanted: { send_id?: number; status?: DispatchStatus }) =>
  useCursorList<Dispatch>(["messaging", "dispatches", wanted], (cursor) =>
    must(api.GET("/api/v1/messaging/dispatches", { params: { query: { ...wanted, cursor, limit: 50 } } })),
  );

export function useDecide() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, verdict }: { id: number; verdict: "sent" | "again" }) =>
      must(api.POST("/api/v1/messaging/dispatches/{id}/decide", { params: { path: { id } }, body: { verdict } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["messaging"] }),
  });
}

export type Funnel = Answer<"/api/v1/messaging/sends/{id}/audience", "get">;
export type Person = Row<"/api/v1/messaging/sends/{id}/people">;
/** Which people of a send: those of one decision, one reason, or one status of their message. */
export type Behind = { verdict?: string; reason?: string; status?: string };

export const useFunnel = (send: Send) =>
  useQuery({
    queryKey: ["messaging", "send", send.id, "audience"],
    queryFn: () => must(api.GET("/api/v1/messaging/sends/{id}/audience", path(send.id))),
    refetchInterval: send.status === "planning" ? OFTEN : SELDOM,
  });

export const usePeople = (id: number, behind: Behind) =>
  useCursorList<Person>(["messaging", "send", id, "people", behind], (cursor) =>
    must(
      api.GET("/api/v1/messaging/sends/{id}/people", {
        params: { path: { id }, query: { ...behind, cursor, limit: 50 } },
      }),
    ),
  );
