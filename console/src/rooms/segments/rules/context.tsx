import { createContext, useContext } from "react";
import type { Rule, SegmentRow, Vocabulary } from "@/api/types";
import type { Fault } from "./problems";
import type { Path } from "./tree";

export type RuleContextValue = {
  vocabulary: Vocabulary;
  segments: SegmentRow[];
  faults: Fault[];
  /** A segment cannot contain itself. */
  ownId?: number;
  disabled: boolean;
  /** Replaces the rule at a path; `field` joins quick edits into one undo step. */
  put: (path: Path, rule: Rule, field?: string) => void;
  edit: (change: (root: Rule) => Rule) => void;
};

export const RuleContext = createContext<RuleContextValue | null>(null);

export function useRules(): RuleContextValue {
  const value = useContext(RuleContext);
  if (!value) throw new Error("a rule row outside of a rule editor");
  return value;
}
