import { Tree as AntTree, Button, Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { STATE_TONE, type Tree, useTree } from "./queries";

type Leaf = { key: number; node: Tree["nodes"][number]; name: string; children: Leaf[] };

/** Who brought whom: rows that open, drawn only as far as they are in sight, so that ten thousand people stay usable. */
export function TreePanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const [around, setAround] = useState<number | undefined>();
  const [typed, setTyped] = useState("");
  const query = useTree(id, around);
  const find = (said: string, found: Tree) => {
    const text = said.trim().replace(/^#/, "");
    if (!text) return setAround(undefined);
    if (/^\d{1,15}$/.test(text)) return setAround(Number(text));
    const hit = Object.entries(found.names).find(([, name]) => name.includes(text));
    setAround(hit ? Number(hit[0]) : -1);
  };
  return (
    <QueryView query={query} lines={8}>
      {(found) => (
        <Panel
          title={t("referral.tree")}
          hint={t("referral.tree_hint")}
          extra={
            <>
              <Input.Search
                allowClear
                style={{ width: 220 }}
                aria-label={t("referral.tree_find")}
                placeholder={t("referral.tree_find")}
                value={typed}
                onChange={(e) => setTyped(e.target.value)}
                onSearch={(said) => find(said, found)}
              />
              {around !== undefined && (
                <Button
                  onClick={() => {
                    setTyped("");
                    setAround(undefined);
                  }}
                >
                  {t("referral.tree_all")}
                </Button>
              )}
            </>
          }
        >
          <Shown found={found} around={around} />
        </Panel>
      )}
    </QueryView>
  );
}

function Shown({ found, around }: { found: Tree; around: number | undefined }) {
  const { t } = useTranslation();
  const f = useFormat();
  const roots = useMemo(() => grown(found), [found]);
  const opened = useMemo(
    () => (around === undefined ? roots.slice(0, 3).map((one) => one.key) : found.nodes.map((one) => one.customer_id)),
    [around, roots, found],
  );
  if (found.people === 0) return <Empty title={t("referral.tree_none")} />;
  if (found.nodes.length === 0) return <Empty title={t("referral.tree_not")} />;
  return (
    <>
      <p className="muted small">
        {t("referral.tree_people", { people: f.count(found.people), tops: f.count(found.tops), depth: found.depth })}
        {around === undefined && found.nodes.length < found.people && (
          <> · {t("referral.tree_cut", { n: f.count(found.nodes.length) })}</>
        )}
      </p>
      <AntTree<Leaf>
        key={around ?? "all"}
        virtual
        height={560}
        showLine
        selectable={false}
        defaultExpandedKeys={opened}
        treeData={roots}
        titleRender={(leaf) => <Title leaf={leaf} marked={leaf.key === around} />}
      />
    </>
  );
}

function Title({ leaf, marked }: { leaf: Leaf; marked: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { node } = leaf;
  const name = <Link to={`/customers/${node.customer_id}`}>{leaf.name}</Link>;
  return (
    <span className="row">
      {marked ? <strong>{name}</strong> : name}
      {node.state !== "top" && (
        <Chip tone={STATE_TONE[node.review === "held" ? "held" : node.state] ?? "plain"}>
          {t(`referral.${node.review === "held" ? "held" : node.state === "final" ? "real" : node.state}`)}
        </Chip>
      )}
      {node.paid && <span className="muted small">{t("referral.paid")}</span>}
      {node.friends > 0 && (
        <span className="muted small">
          {t("referral.brought", { n: f.count(node.friends) })}
          {node.below > node.friends && <> · {t("referral.below", { n: f.count(node.below) })}</>}
        </span>
      )}
    </span>
  );
}

/** The rows, each after its parent, as a tree. */
function grown(found: Tree): Leaf[] {
  const leaves = new Map<number, Leaf>();
  const roots: Leaf[] = [];
  for (const node of found.nodes) {
    const leaf = {
      key: node.customer_id,
      node,
      name: found.names[node.customer_id] ?? `#${node.customer_id}`,
      children: [],
    };
    leaves.set(node.customer_id, leaf);
    const parent = node.parent_id === null ? undefined : leaves.get(node.parent_id);
    (parent?.children ?? roots).push(leaf);
  }
  return roots;
}
