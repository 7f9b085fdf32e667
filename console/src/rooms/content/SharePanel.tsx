import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";

type Edge = Row<"/api/v1/content/pieces/{piece_id}/radar/chain">;
type Person = { key: string; customer: number; name: string | null; visitor: string };
type Branch = Person & { at_ms: number | null; to: Branch[] };

const DEEPEST = 6;
const from = (edge: Edge): Person => ({
  key: edge.from_customer ? `c${edge.from_customer}` : `v${edge.from_visitor}`,
  customer: edge.from_customer,
  name: edge.from_name,
  visitor: edge.from_visitor,
});
const to = (edge: Edge): Person => ({
  key: edge.to_customer ? `c${edge.to_customer}` : `v${edge.to_visitor}`,
  customer: edge.to_customer,
  name: edge.to_name,
  visitor: edge.to_visitor,
});

/** Trees of those who passed it on: each person once, under whoever they had it from first. */
export function branches(edges: Edge[]): Branch[] {
  const known = new Map<string, Branch>();
  const root: Branch[] = [];
  const ordered = edges.toSorted((a, b) => a.at_ms - b.at_ms);
  for (const edge of ordered) {
    const giver = from(edge);
    let branch = known.get(giver.key);
    if (!branch) {
      branch = { ...giver, at_ms: null, to: [] };
      known.set(giver.key, branch);
      root.push(branch);
    }
    const taker = to(edge);
    if (known.has(taker.key)) continue;
    const next = { ...taker, at_ms: edge.at_ms, to: [] };
    known.set(taker.key, next);
    branch.to.push(next);
  }
  return root;
}

export function SharePanel({ piece, send }: { piece: number; send?: number }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ["content", "radar", piece, "chain", send],
    queryFn: () =>
      must(
        api.GET("/api/v1/content/pieces/{piece_id}/radar/chain", {
          params: { path: { piece_id: piece }, query: { send_id: send } },
        }),
      ),
  });
  return (
    <Panel title={t("content.chain")} hint={t("content.chain_hint")} className="w6">
      <QueryView query={query}>
        {({ items }) =>
          items.length === 0 ? <Empty title={t("content.chain_none")} /> : <Tree branches={branches(items)} depth={1} />
        }
      </QueryView>
    </Panel>
  );
}

function Tree({ branches: all, depth }: { branches: Branch[]; depth: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="share-tree">
      {all.map((one) => (
        <li key={one.key}>
          {one.customer ? (
            <Link to={`/customers/${one.customer}`}>{one.name || t("content.nameless", { id: one.customer })}</Link>
          ) : (
            <span className="muted">{t("content.visitor", { id: one.visitor })}</span>
          )}
          {one.to.length > 0 && <span className="small"> {t("content.passed_to", { n: one.to.length })}</span>}
          {one.at_ms !== null && <span className="muted small"> · {f.time(new Date(one.at_ms).toISOString())}</span>}
          {one.to.length > 0 && depth < DEEPEST && <Tree branches={one.to} depth={depth + 1} />}
        </li>
      ))}
    </ul>
  );
}
