import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useFail } from "@/ui/useFail";

/** Deletes at once, and offers the way back for ten seconds. */
export function useDeleteSegment() {
  const { notification } = App.useApp();
  const { t } = useTranslation();
  const client = useQueryClient();
  const fail = useFail();
  return async (segment: { id: number; name: string }) => {
    const params = { params: { path: { segment_id: segment.id } } };
    await must(api.DELETE("/api/v1/segments/{segment_id}", params));
    const refresh = () => client.invalidateQueries({ queryKey: ["segments", "list"] });
    void refresh();
    const key = `segment-${segment.id}`;
    const restore = async () => {
      await must(api.POST("/api/v1/segments/{segment_id}/restore", params));
      notification.destroy(key);
      void refresh();
    };
    notification.info({
      key,
      title: t("segments.deleted", { name: segment.name }),
      duration: 10,
      placement: "bottomRight",
      actions: (
        <Button type="primary" size="small" onClick={() => void restore().catch(fail)}>
          {t("ui.undo")}
        </Button>
      ),
    });
  };
}
