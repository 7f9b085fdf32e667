import { describe, expect, it } from "vitest";
import { DEFAULT_SORT, fromView, matchesView, parseRule, readAddress, writeAddress } from "@/rooms/customers/address";
import { safeNext } from "@/rooms/team/next";

const params = (record: Record<string, string | null>) =>
  new URLSearchParams(Object.entries(record).filter((e): e is [string, string] => e[1] !== null));

describe("the address of the customer list", () => {
  it("carries everything there and back", () => {
    const state = {
      q: "林",
      filter: { kind: "lifecycle" as const, stages: ["at_risk" as const] },
      segment: 3,
      sort: "-spend_fen",
      columns: ["name", "stage"],
      view: 2,
    };
    expect(readAddress(params(writeAddress(state)))).toEqual(state);
  });
  it("is empty for the plain list", () => {
    const plain = readAddress(new URLSearchParams());
    expect(plain).toEqual({ q: "", filter: null, segment: null, sort: DEFAULT_SORT, columns: null, view: null });
    expect(Object.values(writeAddress(plain)).every((value) => value === null)).toBe(true);
  });
  it("survives a mangled link", () => {
    expect(parseRule("{not json")).toBeNull();
    expect(parseRule('"text"')).toBeNull();
    expect(readAddress(new URLSearchParams("segment=-1&view=x&columns=,")).segment).toBeNull();
  });
  it("knows whether a view was changed", () => {
    const view = {
      id: 1,
      name: "v",
      shared: false,
      mine: true,
      q: "",
      filter: null,
      sort: "-spend_fen",
      columns: ["name"],
    };
    expect(matchesView(fromView(view), view)).toBe(true);
    expect(matchesView({ ...fromView(view), q: "x" }, view)).toBe(false);
  });
});

it("log-in never sends the member to another site", () => {
  expect(safeNext("/customers?q=1")).toBe("/customers?q=1");
  for (const bad of [null, "", "https://evil.example", "//evil.example", "/\\evil.example", "/login?next=/"])
    expect(safeNext(bad)).toBe("/");
});
