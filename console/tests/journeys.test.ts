import { describe, expect, it } from "vitest";
import type { Definition } from "@/rooms/journeys/model/definition";
import { sameWay } from "@/rooms/journeys/model/definition";
import { differences } from "@/rooms/journeys/model/differences";
import { inUnit, said } from "@/rooms/journeys/model/duration";
import * as graph from "@/rooms/journeys/model/graph";
import { CARD, laidOut } from "@/rooms/journeys/model/layout";
import { pickerOf, resolved, type Schema } from "@/rooms/journeys/model/schema";

const journey: Definition = {
  entry: { kind: "manual" },
  start: "n1",
  nodes: {
    n1: { step: "send", to: { next: "n2" } },
    n2: { step: "wait_until", to: { happened: "n3", timeout: "n4" } },
    n3: { step: "tag", to: { next: null } },
    n4: { step: "tag", to: { next: "n1" } },
  },
};

describe("a drawn journey", () => {
  it("is never changed in place", () => {
    const before = JSON.stringify(journey);
    graph.removed(graph.connected(graph.added(journey, "n9", "wait", [0, 0]), "n9", "next", "n1"), ["n1"]);
    expect(JSON.stringify(journey)).toBe(before);
  });
  it("heals around a step with one way out, and opens the ways to a branch that is taken out", () => {
    const healed = graph.removed(journey, ["n4"]);
    expect(healed.nodes.n2?.to).toEqual({ happened: "n3", timeout: "n1" });
    const opened = graph.removed(journey, ["n2"]);
    expect(opened.nodes.n1?.to).toEqual({});
    expect(graph.removed(journey, ["n1"]).start).toBe("n2");
  });
  it("puts a step into a way, before what came there", () => {
    const next = graph.inserted(journey, "n2", "timeout", { id: "n5", step: "wait", at: [0, 0], edges: ["next"] });
    expect(next.nodes.n2?.to?.timeout).toBe("n5");
    expect(next.nodes.n5?.to).toEqual({ next: "n4" });
    const first = graph.inserted(journey, null, "start", { id: "n5", step: "wait", at: [0, 0], edges: ["next"] });
    expect(first.start).toBe("n5");
    expect(first.nodes.n5?.to).toEqual({ next: "n1" });
  });
  it("never gives a name again that a version had", () => {
    expect(graph.freshId(journey, ["n7"])).toBe("n8");
    expect(graph.freshId(journey)).toBe("n5");
  });
  it("pastes steps under new names, with the ways among them", () => {
    const [next, ids] = graph.pasted(journey, graph.copied(journey, ["n2", "n3"]), [10, 10]);
    expect(ids).toEqual(["n5", "n6"]);
    expect(next.nodes.n5?.to).toEqual({ happened: "n6" });
    expect(next.nodes.n6?.to).toEqual({ next: null });
  });
  it("hands on what a way led to when its name changes", () => {
    const names: Record<string, string[]> = {
      send: ["sent", "refused"],
      wait_until: ["happened", "timeout"],
      tag: ["next"],
    };
    const next = graph.tidied(journey, (node) => names[node.step] ?? []);
    expect(next.nodes.n1?.to).toEqual({ sent: "n2" });
    expect(next.nodes.n2).toBe(journey.nodes.n2);
    expect(graph.tidied(next, (node) => names[node.step] ?? [])).toBe(next);
  });
  it("reads from top to bottom, each step once, loops and all", () => {
    expect(graph.inOrder(journey).map((line) => line.id)).toEqual(["n1", "n2", "n3", "n4"]);
  });
});

describe("auto layout", () => {
  it("puts steps below those that lead to them, and none on another", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [
        `n${at}`,
        {
          step: "branch",
          to: { a: at * 2 + 1 < 60 ? `n${at * 2 + 1}` : null, b: at * 2 + 2 < 60 ? `n${at * 2 + 2}` : "n0" },
        },
      ]),
    );
    const places = laidOut({ ...journey, nodes, start: "n0" });
    const all = Object.values(places);
    expect(all).toHaveLength(60);
    for (const [at, [x, y]] of all.entries())
      for (const [ox, oy] of all.slice(at + 1))
        expect(Math.abs(ox - x) >= CARD.width || Math.abs(oy - y) >= CARD.height).toBe(true);
    expect(places.n1?.[1]).toBeGreaterThan(places.n0?.[1] as number);
    expect(places.n0?.[0]).toBe(0);
  });
});

describe("versions side by side", () => {
  it("differ by what people go through, not by the drawing", () => {
    const moved = graph.placed(journey, { n1: [9, 9] });
    expect(sameWay(journey, moved)).toBe(true);
    expect(differences(journey, moved)).toEqual({ steps: [], parts: [] });
    const next = { ...graph.removed(journey, ["n4"]), holdout_rate: 0.2 };
    const found = differences(journey, next);
    expect(found.parts).toEqual(["holdout_rate"]);
    expect(found.steps.map((one) => `${one.kind} ${one.id}`).sort()).toEqual(["changed n2", "removed n4"]);
  });
});

describe("settings", () => {
  it("say spans as people do", () => {
    expect(said(48, "hours")).toEqual({ value: 2, unit: "days" });
    expect(said(90, "minutes")).toEqual({ value: 90, unit: "minutes" });
    expect(inUnit(2, "days", "hours")).toBe(48);
  });
  it("get their control by name and type", () => {
    const number: Schema = { type: "integer" };
    expect(pickerOf("segment", number)).toBe("segment");
    expect(pickerOf("segment", { type: "string" })).toBe("line");
    expect(pickerOf("valid_hours", { type: "number" })).toBe("hours");
    expect(pickerOf("purpose", { enum: ["a"] })).toBe("choice");
    expect(resolved({ anyOf: [number, { type: "null" }], default: null }).nullable).toBe(true);
  });
});
