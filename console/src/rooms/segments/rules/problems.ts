// The server names the place of a fault in its own words (`rule.of.0.value`, `$.of[1].tags`, `/of/0`); here it is found in the tree.

import type { Rule } from "@/api/types";
import { childrenOf, type Path } from "./tree";

export type Fault = { path: Path; message: string };

export function faultPath(root: Rule, field: string): Path {
  const path: Path = [];
  let rule: Rule = root;
  const words = field.split(/[^\w-]+/).filter(Boolean);
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== "of") continue;
    let step = 0;
    if (rule.kind !== "not") {
      if (!/^\d+$/.test(words[index + 1] ?? "")) break;
      step = Number(words[++index]);
    }
    const child: Rule | undefined = childrenOf(rule)[step];
    if (!child) break;
    path.push(step);
    rule = child;
  }
  return path;
}

export const faultsAt = (faults: Fault[], path: Path): string[] =>
  faults
    .filter((fault) => fault.path.length === path.length && fault.path.every((step, index) => step === path[index]))
    .map((fault) => fault.message);
