import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Overview, Rule } from "@/api/types";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { useMay } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

type Item = { key: string; tone: "cinnabar" | "ochre" | "pine" | "indigo"; text: ReactNode; to: string };

const people = (rule: Rule): string => `/customers?filter=${encodeURIComponent(JSON.stringify(rule))}&sort=-spend_fen`;

/** What to look at today: facts the server already counted, each with the people behind it. */
export function LookAt({ overview, asOf }: { overview: Overview; asOf: string | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const segments = useSegments();
  const lifecycle = useQuery({
    queryKey: ["segments", "lifecycle", asOf],
    queryFn: () => must(api.GET("/api/v1/segments/lifecycle", { params: { query: { as_of: asOf ?? undefined } } })),
    retry: false,
  });
  const failed = useQuery({
    queryKey: ["jobs", "failed"],
    queryFn: () => must(api.GET("/api/v1/jobs", { params: { query: { status: "failed", limit: 5 } } })),
    enabled: may("jobs.read"),
  });
  const items: Item[] = [];
  for (const name of ["at_risk", "dormant", "new"] as const) {
    const stage = lifecycle.data?.stages.find((s) => s.stage === name);
    if (!stage?.count) continue;
    items.push({
      key: name,
      tone: name === "new" ? "indigo" : name === "at_risk" ? "ochre" : "cinnabar",
      text: t(`measurement.look_${name}`, { n: f.count(stage.count), money: f.moneyShort(stage.spend_fen) }),
      to: people({ kind: "lifecycle", stages: [name] }),
    });
  }
  const top = overview.totals.top20_share_rate;
  if (top != null)
    items.push({
      key: "top",
      tone: "pine",
      text: t("measurement.look_top20", { rate: f.rate(top) }),
      to: "/concentration",
    });
  const invalid = segments.data?.items.filter((s) => s.status === "invalid") ?? [];
  if (invalid.length)
    items.unshift({
      key: "invalid",
      tone: "cinnabar",
      text: t("measurement.look_invalid", { name: invalid[0]!.name, count: invalid.length }),
      to: `/segments/${invalid[0]!.id}`,
    });
  const broken = failed.data?.items.length ?? 0;
  if (broken)
    items.unshift({
      key: "failed",
      tone: "cinnabar",
      text: t("measurement.look_failed", { count: broken }),
      to: "/jobs?status=failed",
    });
  return (
    <Panel title={t("measurement.look_at")} className="w4">
      {items.length === 0 ? (
        <p className="muted">{lifecycle.isLoading ? t("shell.loading") : t("measurement.look_none")}</p>
      ) : (
        <ul className="look">
          {items.map((item) => (
            <li key={item.key} className={item.tone}>
              <Link to={item.to}>{item.text}</Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
