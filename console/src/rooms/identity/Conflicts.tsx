import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Conflict } from "@/api/types";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { SideBySide } from "./SideBySide";
import { useKeys } from "./useKeys";

/** One identifier, two customers who were both seen with it, and limits that forbid to join them without a person's word. */
export function Conflicts() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const [at, setAt] = useState(0);
  const list = useCursorList(["identity", "conflicts"], (cursor) =>
    must(api.GET("/api/v1/identity/conflicts", { params: { query: { cursor, limit: 50 } } })),
  );
  const place = Math.min(at, Math.max(0, list.rows.length - 1));
  const current = list.rows[place];
  const decide = useMutation({
    mutationFn: ({ id, decision }: { id: string; decision: "merge" | "apart" }) =>
      must(api.POST("/api/v1/identity/conflicts/{id}/decide", { params: { path: { id } }, body: { decision } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["identity"] });
      void client.invalidateQueries({ queryKey: ["customers"] });
    },
    onError: fail,
  });
  const act = (decision: "merge" | "apart") =>
    current && may("identity.write") && !decide.isPending && decide.mutate({ id: current.id, decision });
  useKeys({
    j: () => setAt(Math.min(place + 1, list.rows.length - 1)),
    k: () => setAt(Math.max(place - 1, 0)),
    a: () => act("merge"),
    r: () => act("apart"),
  });
  if (list.query.error) return <ProblemView error={list.query.error} retry={() => void list.query.refetch()} />;
  if (!list.query.data) return <Loading lines={8} />;
  if (!current)
    return (
      <div className="panel">
        <Empty title={t("identity.none_conflicts")} hint={t("identity.none_conflicts_hint")} />
      </div>
    );
  return (
    <div className="grid">
      <Panel className="w4" title={t("identity.state_conflicts")} flush>
        <ul className="pair-list">
          {list.rows.map((row, index) => (
            <li key={row.id}>
              <button
                type="button"
                className={index === place ? "plain on" : "plain"}
                aria-current={index === place}
                onClick={() => setAt(index)}
              >
                <span className="mono">
                  #{row.owner_id} · #{row.claimant_id}
                </span>
                <span className="small muted">
                  {f.label(row.namespace_name)} · {f.time(row.found_at)}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <MoreButton query={list.query} />
      </Panel>
      <div className="w8 stack start">
        <Panel title={t("identity.side_by_side")} hint={why(current, t, f.label(current.namespace_name))} flush>
          <SideBySide ids={[current.owner_id, current.claimant_id]} />
        </Panel>
        <p className="small muted">{why(current, t, f.label(current.namespace_name))}</p>
        {may("identity.write") && (
          <div className="batch decide">
            <Button type="primary" onClick={() => act("merge")} loading={decide.isPending}>
              {t("identity.accept")} <kbd>A</kbd>
            </Button>
            <Button danger onClick={() => act("apart")}>
              {t("identity.reject")} <kbd>R</kbd>
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

const why = (conflict: Conflict, t: (key: string, values: Record<string, unknown>) => string, name: string): string =>
  t("identity.conflict_why", {
    name,
    owner: conflict.owner_id,
    claimant: conflict.claimant_id,
    n: conflict.claim_count,
    reason: conflict.reason ?? "–",
  });
