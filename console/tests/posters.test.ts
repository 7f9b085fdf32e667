import { describe, expect, it } from "vitest";
import { crc32, sizeOf, zip } from "@/rooms/acquisition/codes/draw";

describe("posters", () => {
  it("knows the size of a sheet from its SVG", () => {
    expect(sizeOf('<svg xmlns="x" width="624mm" height="924mm" viewBox="">')).toEqual([624, 924]);
  });

  it("checks as the norm says", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("packs files that lie in it as they are, with their names in UTF-8", async () => {
    const bytes = new TextEncoder().encode("海报");
    const packed = new Uint8Array(await zip([{ name: "一号.png", bytes }]).arrayBuffer());
    const view = new DataView(packed.buffer);
    const name = new TextEncoder().encode("一号.png");
    expect(view.getUint32(0, true)).toBe(0x04034b50);
    expect(view.getUint16(6, true)).toBe(0x0800);
    expect(view.getUint32(14, true)).toBe(crc32(bytes));
    expect([view.getUint32(18, true), view.getUint32(22, true)]).toEqual([bytes.length, bytes.length]);
    expect(view.getUint16(26, true)).toBe(name.length);
    expect(packed.slice(30 + name.length, 30 + name.length + bytes.length)).toEqual(bytes);
    const end = packed.length - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    expect([view.getUint16(end + 8, true), view.getUint16(end + 10, true)]).toEqual([1, 1]);
    const central = view.getUint32(end + 16, true);
    expect(view.getUint32(central, true)).toBe(0x02014b50);
    expect(central + view.getUint32(end + 12, true)).toBe(end);
    expect(view.getUint16(central + 28, true)).toBe(name.length);
    expect(view.getUint32(central + 42, true)).toBe(0);
  });
});
