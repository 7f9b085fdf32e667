import { describe, expect, it } from "vitest";
import { compared } from "@/rooms/content/compare";
import { branches } from "@/rooms/content/SharePanel";
import { filled, sampled } from "@/rooms/content/shown";
import { charactersOf, sample, smsParts, written } from "@/rooms/content/template";
import { difference, same } from "@/rooms/messaging/policy";

describe("words with variables", () => {
  it("reads fall-backs, bare variables and doubled braces as the server does", () => {
    expect(sample("{称呼|朋友}，{{优惠}} {城市}")).toBe("朋友，{优惠} 城市");
    expect(sample("{称呼|}好 { 单独")).toBe("好 { 单独");
  });
  it("writes a variable that it reads back", () => {
    expect(sample(written("称呼", "朋|友}"))).toBe("朋友");
    expect(written("称呼", "")).toBe("{称呼}");
  });
  it("counts a letter outside the first plane once, and text messages by 70 and 67", () => {
    expect(charactersOf("😀好")).toBe(2);
    expect([0, 70, 71, 134, 135].map((n) => smsParts("好".repeat(n)))).toEqual([0, 1, 2, 2, 3]);
  });
});

describe("what a phone shows", () => {
  const body = {
    text: "{称呼|朋友}好",
    notices: { mini_program: { template_id: "t", values: { thing1: "{称呼}", date2: "今天" } } },
  };
  it("shows fall-backs until a customer's values are there", () => {
    expect(sampled(body).text).toBe("朋友好");
    expect(sampled(body).notices?.mini_program?.values).toEqual({ thing1: "称呼", date2: "今天" });
  });
  it("puts one customer's parts in their places, of that carrier only", () => {
    const shown = filled(body, "mini_program", { text: "小雨好", "values.thing1": "小雨", people: 3 });
    expect(shown.text).toBe("小雨好");
    expect(shown.notices?.mini_program?.values).toEqual({ thing1: "小雨", date2: "今天" });
    expect(filled(body, "sms", { "values.thing1": "小雨" }).notices?.mini_program?.values?.thing1).toBe("称呼");
  });
});

describe("two versions", () => {
  it("keeps what is the same, and puts the rest together again", () => {
    const parts = compared("你好，春天来了", "你好，夏天来了！");
    const side = (out: string) =>
      parts
        .filter((one) => one.kind !== out)
        .map((one) => one.text)
        .join("");
    expect([side("come"), side("gone")]).toEqual(["你好，春天来了", "你好，夏天来了！"]);
    expect(parts.filter((one) => one.kind === "gone").map((one) => one.text)).toEqual(["春"]);
  });
});

describe("who passed it to whom", () => {
  it("puts each person once, under whoever they had it from first, and ends where a circle closes", () => {
    const edge = (a: number, b: number, at_ms: number) => ({
      from_customer: a,
      from_name: null,
      from_visitor: "",
      to_customer: b,
      to_name: null,
      to_visitor: "",
      at_ms,
    });
    const tree = branches([edge(2, 3, 20), edge(1, 2, 10), edge(4, 3, 30), edge(3, 1, 40)]);
    const told = (all: typeof tree): unknown[] => all.map((one) => [one.customer, told(one.to)]);
    expect(told(tree)).toEqual([
      [1, [[2, [[3, []]]]]],
      [4, []],
    ]);
  });
});

describe("two policies", () => {
  it("are the same whatever the order of their names", () => {
    expect(same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
    expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  });
  it("differ by the sentences that only one says", () => {
    expect(difference(["甲", "乙"], ["乙", "丙"])).toEqual({ gone: ["甲"], come: ["丙"] });
  });
});
