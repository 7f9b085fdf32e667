import { describe, expect, it } from "vitest";
import * as format from "@/ui/format";

describe("numbers", () => {
  it("stay whole below ten thousand, then 万 and 亿, k and M", () => {
    expect(format.formatShort(9_999, "zh-CN")).toBe("9,999");
    expect(format.formatShort(12_800, "zh-CN")).toBe("1.28万");
    expect(format.formatShort(1_284_000, "zh-CN")).toBe("128.4万");
    expect(format.formatShort(312_000_000, "zh-CN")).toBe("3.12亿");
    expect(format.formatShort(12_800, "en")).toBe("12.8k");
    expect(format.formatShort(3_120_000, "en")).toBe("3.12M");
    expect(format.formatShort(-12_800, "zh-CN")).toBe("-1.28万");
  });
  it("show a dash when not known, and a real zero as zero", () => {
    expect(format.formatShort(null, "en")).toBe("–");
    expect(format.formatCount(undefined, "en")).toBe("–");
    expect(format.formatCount(0, "en")).toBe("0");
    expect(format.formatRate(null, "en")).toBe("–");
  });
});

describe("money", () => {
  it("comes from fen, with the brand's currency", () => {
    expect(format.formatMoney(1_234_56, "CNY", "zh-CN")).toBe("¥1,234.56");
    expect(format.formatMoney(1_234_56, "GBP", "en")).toBe("£1,234.56");
    expect(format.formatMoney(-500, "CNY", "zh-CN")).toBe("-¥5.00");
    expect(format.formatMoneyShort(128_400_000, "CNY", "zh-CN")).toBe("¥128.4万");
    expect(format.formatMoneyShort(-128_400_000, "GBP", "en")).toBe("-£1.284M");
  });
});

describe("time", () => {
  it("is the brand's wall clock, not the browser's", () => {
    expect(format.formatTime("2026-11-22T17:30:00Z", "Asia/Shanghai")).toBe("2026-11-23 01:30");
    expect(format.formatTime("2026-07-01T11:30:00Z", "Europe/London")).toBe("2026-07-01 12:30");
    expect(format.formatDate("2026-11-22T17:30:00Z", "Asia/Shanghai")).toBe("2026-11-23");
  });
  it("leaves local dates alone and survives nonsense", () => {
    expect(format.formatDate("2026-11-22", "America/New_York")).toBe("2026-11-22");
    expect(format.formatTime("soon", "Asia/Shanghai")).toBe("–");
  });
  it("says how long in words", () => {
    expect(format.formatSeconds(42, "zh-CN")).toBe("42 秒");
    expect(format.formatSeconds(600, "en")).toBe("10 min");
    expect(format.formatSeconds(3 * 3600 + 120, "en")).toBe("3 h 2 min");
  });
});

it("shares and changes", () => {
  expect(format.formatRate(0.4123, "zh-CN")).toBe("41.2%");
  expect(format.formatChange(0.05, "en")).toBe("+5%");
  expect(format.formatChange(-0.123, "en")).toBe("-12.3%");
  expect(format.formatBytes(18_422_110)).toBe("17.6 MiB");
});
