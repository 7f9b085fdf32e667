import { expect, it } from "vitest";
import { chosen, doubledColumns, missingFields } from "@/rooms/orders/mapping";

const label = { zh: "x", en: "x" };
const fields = [
  { field: "order_id", name: label, required: true, help: label },
  { field: "phone", name: label, required: false, help: label },
];

it("a mapping says what is missing, doubled and chosen", () => {
  expect(missingFields(fields, { order_id: null }).map((f) => f.field)).toEqual(["order_id"]);
  expect(missingFields(fields, { order_id: "A" })).toEqual([]);
  expect(doubledColumns({ order_id: "A", phone: "A", other: "B" })).toEqual(["A"]);
  expect(chosen({ order_id: "A", phone: null })).toEqual({ order_id: "A" });
});
