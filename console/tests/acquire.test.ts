import { expect, it } from "vitest";
import type { Source } from "@/rooms/acquisition/queries";
import { fenOf, sheetOf } from "@/rooms/acquisition/sheet";
import { byId, depth, found, mayHang, placeOf, unfolded } from "@/rooms/acquisition/tree";

const source = (id: number, path: string, name: string, level: Source["level"]) =>
  ({ id, path, name, level, owner: "" }) as Source;
const tree = [
  source(1, "/1/", "抖音", "platform"),
  source(2, "/1/2/", "双十一", "campaign"),
  source(3, "/1/2/3/", "开屏", "creative"),
  source(4, "/4/", "京东", "platform"),
];
const [platform, campaign, creative] = tree as [Source, Source, Source];

it("reads amounts as people write them, and nothing else", () => {
  expect(["1,234.5", "¥ 12", "", "-", "12元", "0.01"].map(fenOf)).toEqual([123450, 1200, 0, 0, 1200, 1]);
  expect(["-5", "1e3", "abc", "1.2.3", "12345678901"].map(fenOf)).toEqual([null, null, null, null, null]);
});

it("reads a block of cells, and leaves a single value to the field", () => {
  expect(sheetOf("1\t2\r\n3\t4\r\n")).toEqual([
    ["1", "2"],
    ["3", "4"],
  ]);
  expect(sheetOf("1\n2")).toEqual([["1"], ["2"]]);
  expect(sheetOf("12\n")).toBeNull();
});

it("knows where a source hangs", () => {
  expect(placeOf(creative, byId(tree))).toBe("抖音 / 双十一 / 开屏");
  expect(tree.map(depth)).toEqual([0, 1, 2, 0]);
  expect([mayHang(creative, campaign), mayHang(campaign, creative), mayHang(campaign, campaign)]).toEqual([
    true,
    false,
    false,
  ]);
});

it("finds a source with all it hangs under, and folds what is below", () => {
  expect(found(tree, "开屏").map((one) => one.id)).toEqual([1, 2, 3]);
  expect(found(tree, " ").length).toBe(4);
  expect(unfolded(tree, new Set([2])).map((one) => one.id)).toEqual([1, 2, 4]);
  expect(unfolded(tree, new Set([platform.id])).map((one) => one.id)).toEqual([1, 4]);
});
