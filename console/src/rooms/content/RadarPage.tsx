import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useQueryState } from "@/ui/useQueryState";
import { usePieces } from "./queries";
import { RadarPanel } from "./RadarPanel";

/** The radar of one piece after the other; without a choice the one that was read last. */
export function RadarPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const { query, rows } = usePieces({});
  const used = rows.filter((one) => one.use_count > 0);
  const last = useQuery({
    queryKey: ["content", "read-last"],
    queryFn: () => must(api.GET("/api/v1/content/read-last")),
  });
  const piece = Number(params.get("piece")) || (last.isPending ? undefined : (last.data?.piece_id ?? used[0]?.id));
  const pick = rows.length > 0 && (
    <Select
      aria-label={t("content.piece")}
      placeholder={t("content.piece")}
      value={piece}
      onChange={(value) => change({ piece: String(value) })}
      options={(used.length > 0 ? used : rows).map((one) => ({ value: one.id, label: one.name }))}
      showSearch={{ optionFilterProp: "label" }}
      style={{ minWidth: 220 }}
    />
  );
  return (
    <Page
      title={t("content.radar")}
      sub={
        <>
          <Link to="/content">← {t("shell.page_content")}</Link> {t("content.radar_sub")}
        </>
      }
      actions={pick}
    >
      <QueryView query={query}>
        {() =>
          piece ? (
            <RadarPanel key={piece} piece={piece} />
          ) : last.isPending ? (
            <Loading lines={8} />
          ) : (
            <div className="panel">
              <Empty
                title={t("content.radar_none")}
                hint={t("content.radar_none_hint")}
                action={<Link to="/content">{t("shell.page_content")}</Link>}
              />
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}
