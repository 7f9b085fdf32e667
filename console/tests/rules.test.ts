import { describe, expect, it } from "vitest";
import type { Rule } from "@/api/types";
import { history, started } from "@/rooms/segments/rules/history";
import { ADDABLE, isOpen, newLeaf, openCount } from "@/rooms/segments/rules/leaves";
import { faultPath, faultsAt } from "@/rooms/segments/rules/problems";
import * as tree from "@/rooms/segments/rules/tree";

const tag = (name: string): Rule => ({ kind: "tag", op: "any_of", tags: [name] });
const root: Rule = {
  kind: "all",
  of: [tag("a"), { kind: "any", of: [tag("b"), { kind: "not", of: tag("c") }] }, tag("d")],
};

describe("a rule tree", () => {
  it("is read and replaced by path, and never changed in place", () => {
    const before = JSON.stringify(root);
    expect(tree.at(root, [1, 1, 0])).toEqual(tag("c"));
    const next = tree.replace(root, [1, 1, 0], tag("z"));
    expect(tree.at(next, [1, 1, 0])).toEqual(tag("z"));
    expect(tree.at(next, [1, 1])?.kind).toBe("not");
    expect(JSON.stringify(root)).toBe(before);
  });
  it("takes a child out with the not around it", () => {
    const next = tree.remove(root, [1, 1, 0]);
    expect(tree.at(next, [1])).toEqual({ kind: "any", of: [tag("b")] });
  });
  it("moves within its group and stops at the ends", () => {
    expect(tree.at(tree.move(root, [0], 1), [1])).toEqual(tag("a"));
    expect(tree.move(root, [0], -1)).toBe(root);
  });
  it("turns not on and off without piling it up", () => {
    const once = tree.toggleNot(root, [0]);
    expect(tree.at(once, [0])).toEqual({ kind: "not", of: tag("a") });
    expect(tree.toggleNot(once, [0])).toEqual(root);
    const twice: Rule = { kind: "not", of: { kind: "not", of: tag("a") } };
    expect(tree.bare(twice, []).negated).toBe(false);
    expect(tree.bare(twice, [])).toMatchObject({ path: [0, 0] });
  });
  it("duplicates deeply, wraps and counts", () => {
    const next = tree.duplicate(root, [1]);
    expect(tree.at(next, [2])).toEqual(tree.at(root, [1]));
    expect(tree.at(next, [2])).not.toBe(tree.at(next, [1]));
    expect(tree.at(tree.wrap(root, [0], "any"), [0])).toEqual({ kind: "any", of: [tag("a")] });
    expect(tree.leafCount(root)).toBe(4);
  });
  it("opens everyone as an empty group and closes it again", () => {
    expect(tree.opened({ kind: "everyone" })).toEqual({ kind: "all", of: [] });
    expect(tree.opened(tag("a"))).toEqual({ kind: "all", of: [tag("a")] });
    expect(tree.closed({ kind: "all", of: [] })).toEqual({ kind: "everyone" });
    expect(tree.closed(root)).toBe(root);
  });
});

describe("rows that wait to be filled in", () => {
  it("are counted; the empty root is everyone and is not", () => {
    expect(openCount({ kind: "all", of: [] })).toBe(0);
    expect(openCount({ kind: "all", of: [{ kind: "any", of: [] }] })).toBe(1);
    expect(openCount(root)).toBe(0);
  });
  it("start open, except those with a sensible default", () => {
    const open = ADDABLE.filter((kind) => isOpen(newLeaf(kind)));
    expect(open).toEqual(ADDABLE.filter((kind) => kind !== "orders" && kind !== "quality"));
  });
  it("ask for what the operator needs", () => {
    const attribute = { kind: "attribute" as const, field: "city" };
    expect(isOpen({ ...attribute, op: "exists" })).toBe(false);
    expect(isOpen({ ...attribute, op: "in", value: [] })).toBe(true);
    expect(isOpen({ ...attribute, op: "between", value: ["2026-01-01", ""] })).toBe(true);
    expect(isOpen({ ...attribute, op: "within" })).toBe(true);
    expect(isOpen({ ...attribute, op: ">=", value: 0 })).toBe(false);
    expect(isOpen({ kind: "tag", op: "untagged" })).toBe(false);
    expect(isOpen({ kind: "event", name: "x", op: ">=", count: 1, where: [{ path: "p", op: "exists" }] })).toBe(false);
  });
});

describe("undo and redo", () => {
  it("go back and forth, and a new edit forgets the future", () => {
    let state = history(started(1), { type: "set", value: 2 });
    state = history(state, { type: "set", value: 3 });
    state = history(state, { type: "undo" });
    expect(state.now).toBe(2);
    expect(history(state, { type: "redo" }).now).toBe(3);
    state = history(state, { type: "set", value: 9 });
    expect(history(state, { type: "redo" }).now).toBe(9);
    expect(history(history(state, { type: "undo" }), { type: "undo" }).now).toBe(1);
  });
  it("take quick typing in one field as one step", () => {
    let state = started("");
    for (const [index, value] of ["a", "ab", "abc"].entries())
      state = history(state, { type: "set", value, field: "name", at: 1000 + index * 100 });
    state = history(state, { type: "set", value: "abcd", field: "name", at: 9000 });
    expect(history(state, { type: "undo" }).now).toBe("abc");
    expect(history(history(state, { type: "undo" }), { type: "undo" }).now).toBe("");
  });
});

describe("faults from the server", () => {
  it("find their row in whatever way the place is written", () => {
    for (const field of [
      "rule.of.1.of.1.of.tags",
      "$.of[1].of[1].of.tags",
      "/rule/of/1/of/1/of/tags",
      "body.rule.all.of.1.any.of.1.not.of.tag.tags",
    ]) {
      expect([field, faultPath(root, field)]).toEqual([field, [1, 1, 0]]);
    }
    expect(faultPath(root, "of.0.op")).toEqual([0]);
    expect(faultPath(root, "name")).toEqual([]);
    expect(faultPath(root, "of.7.value")).toEqual([]);
  });
  it("are shown at their own row only", () => {
    const faults = [{ path: [1, 0], message: "no" }];
    expect(faultsAt(faults, [1, 0])).toEqual(["no"]);
    expect(faultsAt(faults, [1])).toEqual([]);
  });
});
