import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Segment, SizePoint } from "@/api/types";
import { Chart } from "@/ui/Chart";
import type { ChartOption } from "@/ui/charts/EChart";
import { MoreButton } from "@/ui/MoreButton";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";

export function SizesTab({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const f = useFormat();
  const path = { segment_id: segment.id };
  const sizes = useQuery({
    queryKey: ["segments", "sizes", segment.id],
    queryFn: () => must(api.GET("/api/v1/segments/{segment_id}/sizes", { params: { path, query: { days: 90 } } })),
  });
  const changes = useCursorList(["segments", "changes", segment.id], (cursor) =>
    must(api.GET("/api/v1/segments/{segment_id}/changes", { params: { path, query: { cursor, limit: 20 } } })),
  );
  return (
    <div className="stack">
      <QueryView query={sizes}>
        {(data) =>
          data.items.length < 2 ? (
            <p className="muted small">{t("segments.sizes_none")}</p>
          ) : (
            <SizeChart points={data.items} />
          )
        }
      </QueryView>
      <h2>{t("segments.changes")}</h2>
      <QueryView query={changes.query}>
        {() =>
          changes.rows.length === 0 ? (
            <p className="muted small">{t("segments.changes_none")}</p>
          ) : (
            <ul className="people">
              {changes.rows.map((row) => (
                <li key={`${row.at}${row.customer_id}${row.entered}`}>
                  <span className={row.entered ? "delta good" : "delta bad"}>
                    {t(row.entered ? "segments.entered" : "segments.left")}
                  </span>
                  <Link to={`/customers/${row.customer_id}`}>
                    {row.name || t("customers.nameless", { id: row.customer_id })}
                  </Link>
                  <span className="small muted num">{f.time(row.at)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <MoreButton query={changes.query} />
    </div>
  );
}

function SizeChart({ points }: { points: SizePoint[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(
    () => ({
      grid: { top: 10 },
      legend: { show: false },
      xAxis: { type: "category", data: points.map((p) => f.date(p.at).slice(5)) },
      yAxis: { type: "value", scale: true, axisLabel: { formatter: (value: number) => f.short(value) } },
      series: [
        {
          type: "line",
          name: t("ui.customers"),
          data: points.map((p) => p.count),
          showSymbol: points.length < 12,
          areaStyle: { opacity: 0.08 },
        },
      ],
    }),
    [points, f, t],
  );
  return <Chart option={option} height={150} label={t("segments.tab_sizes")} />;
}
