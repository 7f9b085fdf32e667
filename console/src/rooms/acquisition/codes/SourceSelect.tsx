import { TreeSelect } from "antd";
import { useTranslation } from "react-i18next";
import { useSourceTree } from "./queries";

type Node = { value: number; title: string; children: Node[] };

/** A source out of the tree. */
export function SourceSelect({ value, onChange }: { value: number | undefined; onChange: (id: number) => void }) {
  const { t } = useTranslation();
  const query = useSourceTree();
  const nodes = new Map<number, Node>();
  const roots: Node[] = [];
  const items = query.data?.items ?? [];
  for (const one of items) nodes.set(one.id, { value: one.id, title: one.name, children: [] });
  for (const one of items) {
    const node = nodes.get(one.id) as Node;
    (one.parent_id === null ? roots : (nodes.get(one.parent_id)?.children ?? roots)).push(node);
  }
  return (
    <TreeSelect
      aria-label={t("codes.source")}
      value={value}
      treeData={roots}
      treeDefaultExpandAll
      showSearch={{ treeNodeFilterProp: "title" }}
      placeholder={t("codes.choose_source")}
      notFoundContent={t("codes.no_sources")}
      onChange={onChange}
    />
  );
}
