import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { createElement } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import { useFail } from "@/ui/useFail";
import { path } from "../queries";
import type { Planned } from "./days";

const UNDO_SECONDS = 10;

type Wish = { item: Planned; starts: string; accept?: boolean; undo?: boolean };

/** Moves a campaign to another day or hour. A clash is told first and accepted by hand; every move can be taken back for ten seconds. */
export function useMove() {
  const { t } = useTranslation();
  const { notification, modal } = App.useApp();
  const client = useQueryClient();
  const fail = useFail();
  const move = useMutation({
    mutationFn: ({ item, starts, accept, undo }: Wish) =>
      must(
        api.PATCH("/api/v1/campaigns/calendar/{campaign_id}", {
          ...path(item.campaign_id),
          body: { starts, accept_clashes: !!(accept || undo) },
        }),
      ),
    onSuccess: (_moved, { item, starts, undo }) => {
      void client.invalidateQueries({ queryKey: ["campaigns"] });
      if (undo) return;
      const key = `moved-${item.campaign_id}`;
      const back = () => {
        notification.destroy(key);
        move.mutate({ item, starts: `${item.on} ${item.local_time}`, undo: true });
      };
      notification.success({
        key,
        title: t("campaigns.moved", { name: item.name, at: starts }),
        duration: UNDO_SECONDS,
        placement: "bottomRight",
        actions: createElement(Button, { size: "small", onClick: back }, t("ui.undo")),
      });
    },
    onError: (error, wish) => {
      if (!isProblem(error, 409) || error.code !== "campaign_clash") return fail(error);
      modal.confirm({
        title: t("campaigns.clash_ask", { name: wish.item.name }),
        content: [error.message, ...error.errors.map((one) => one.message)].join("\n"),
        okText: t("campaigns.clash_accept"),
        cancelText: t("ui.cancel"),
        onOk: () => move.mutate({ ...wish, accept: true }),
      });
    },
  });
  return move;
}
