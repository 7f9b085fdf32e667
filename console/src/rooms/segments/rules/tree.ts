// Pure edits of a rule tree. A path is the list of child positions from the root; a `not` has one child, 0.

import type { GroupRule, Rule } from "@/api/types";

export type Path = number[];

export const isGroup = (rule: Rule): rule is GroupRule => rule.kind === "all" || rule.kind === "any";

export function childrenOf(rule: Rule): Rule[] {
  if (isGroup(rule)) return rule.of;
  return rule.kind === "not" ? [rule.of] : [];
}

const withChildren = (rule: Rule, children: Rule[]): Rule => {
  if (isGroup(rule)) return { ...rule, of: children };
  return rule.kind === "not" && children[0] ? { ...rule, of: children[0] } : rule;
};

export function at(root: Rule, path: Path): Rule | undefined {
  let rule: Rule | undefined = root;
  for (const step of path) rule = rule && childrenOf(rule)[step];
  return rule;
}

export function replace(root: Rule, path: Path, wanted: Rule): Rule {
  const [step, ...rest] = path;
  if (step === undefined) return wanted;
  return withChildren(
    root,
    childrenOf(root).map((child, index) => (index === step ? replace(child, rest, wanted) : child)),
  );
}

/** Adds a child at the end of the group at `path`. */
export function append(root: Rule, path: Path, child: Rule): Rule {
  const group = at(root, path);
  return group && isGroup(group) ? replace(root, path, { ...group, of: [...group.of, child] }) : root;
}

/** The nearest group above `path` (passing over `not`), with the position below it. */
function place(root: Rule, path: Path): { group: GroupRule; groupPath: Path; index: number } | null {
  for (let length = path.length - 1; length >= 0; length--) {
    const groupPath = path.slice(0, length);
    const group = at(root, groupPath);
    if (group && isGroup(group)) return { group, groupPath, index: path[length] as number };
  }
  return null;
}

/** Takes out the child that holds `path`, with any `not` around it. */
export function remove(root: Rule, path: Path): Rule {
  const found = place(root, path);
  if (!found) return { kind: "all", of: [] };
  const { group, groupPath, index } = found;
  return replace(root, groupPath, { ...group, of: group.of.filter((_, position) => position !== index) });
}

export function duplicate(root: Rule, path: Path): Rule {
  const found = place(root, path);
  if (!found) return root;
  const { group, groupPath, index } = found;
  const copy = structuredClone(group.of[index]) as Rule;
  return replace(root, groupPath, { ...group, of: group.of.toSpliced(index + 1, 0, copy) });
}

export function move(root: Rule, path: Path, by: -1 | 1): Rule {
  const found = place(root, path);
  if (!found) return root;
  const { group, groupPath, index } = found;
  const target = index + by;
  if (target < 0 || target >= group.of.length) return root;
  const moved = group.of.toSpliced(index, 1).toSpliced(target, 0, group.of[index] as Rule);
  return replace(root, groupPath, { ...group, of: moved });
}

/** Puts the rule at `path` into a new group of its own, so that more can be joined to it. */
export function wrap(root: Rule, path: Path, kind: "all" | "any"): Rule {
  const rule = at(root, path);
  return rule ? replace(root, path, { kind, of: [rule] }) : root;
}

export type Bare = { rule: Rule; path: Path; negated: boolean };

/** The rule under any number of `not`, and whether they turn it round. */
export function bare(rule: Rule, path: Path): Bare {
  let found: Rule = rule;
  let where = path;
  let negated = false;
  while (found.kind === "not") {
    found = found.of;
    where = [...where, 0];
    negated = !negated;
  }
  return { rule: found, path: where, negated };
}

export function toggleNot(root: Rule, path: Path): Rule {
  const rule = at(root, path);
  if (!rule) return root;
  const inner = bare(rule, path);
  return replace(root, path, inner.negated ? inner.rule : { kind: "not", of: inner.rule });
}

/** The editor always works inside a group; `everyone` is the empty one. */
export function opened(rule: Rule | null | undefined): GroupRule {
  if (!rule || rule.kind === "everyone") return { kind: "all", of: [] };
  return isGroup(rule) ? rule : { kind: "all", of: [rule] };
}

export const closed = (group: Rule): Rule => (isGroup(group) && group.of.length === 0 ? { kind: "everyone" } : group);

export const leafCount = (rule: Rule): number => {
  const children = childrenOf(rule);
  if (isGroup(rule) || rule.kind === "not") return children.reduce((sum, child) => sum + leafCount(child), 0);
  return 1;
};
