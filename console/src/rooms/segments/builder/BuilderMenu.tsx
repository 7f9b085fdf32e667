import { EllipsisOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { Segment } from "@/api/types";
import { useMay } from "@/shell/session";
import { useFail } from "@/ui/useFail";
import { useDeleteSegment } from "../useDeleteSegment";

export function BuilderMenu({ segment, onGone }: { segment: Segment; onGone: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const may = useMay();
  const navigate = useNavigate();
  const client = useQueryClient();
  const fail = useFail();
  const del = useDeleteSegment();
  const recompute = async () => {
    await must(api.POST("/api/v1/segments/{segment_id}/recompute", { params: { path: { segment_id: segment.id } } }));
    void message.success(t("segments.recompute_started"));
    void client.invalidateQueries({ queryKey: ["jobs"] });
  };
  const remove = async () => {
    await del(segment);
    onGone();
    navigate("/segments");
  };
  const items = [
    { key: "people", label: t("segments.see_people"), onClick: () => navigate(`/customers?segment=${segment.id}`) },
    ...(may("segments.write")
      ? [
          {
            key: "copy",
            label: t("segments.copy"),
            onClick: () => navigate(`/segments/new?filter=${encodeURIComponent(JSON.stringify(segment.rule))}`),
          },
          { key: "recompute", label: t("segments.recompute"), onClick: () => void recompute().catch(fail) },
          { type: "divider" as const },
          { key: "delete", danger: true, label: t("ui.delete"), onClick: () => void remove().catch(fail) },
        ]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button icon={<EllipsisOutlined />} aria-label={t("segments.more")} />
    </Dropdown>
  );
}
