import { describe, expect, it } from "vitest";
import { converted } from "../src/rooms/acquisition/Foreign";

const paid = (amount: number | null, rate: string | null, currency = "USD") => converted({ currency, amount, rate });

describe("an amount in another currency", () => {
  it("comes to what the ledger reckons, half a fen up", () => {
    expect(paid(120.5, "7.1834")).toBe(86560);
    expect(paid(0.01, "0.5")).toBe(1);
    expect(paid(0.01, "0.49999999")).toBe(0);
    // What floats of a computer would round the other way.
    expect(paid(1.15, "1.1", "EUR")).toBe(127);
    expect(paid(9_999_999.99, "0.0462")).toBe(46_200_000);
  });
  it("is not known before everything is said, and said well", () => {
    expect(paid(null, "7.1")).toBeNull();
    expect(paid(10, null)).toBeNull();
    expect(paid(10, "7.1", "US")).toBeNull();
    expect(paid(10, "-1")).toBeNull();
    expect(paid(10, "1e3")).toBeNull();
  });
});
