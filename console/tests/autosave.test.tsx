import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useAutosave } from "@/rooms/campaigns/wizard/useAutosave";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An editor whose saves end when they are let; `saves` are what was sent. */
function edited() {
  const saves: { value: string; end: () => void; fail: () => void }[] = [];
  const save = (value: string) =>
    new Promise<void>((end, fail) => saves.push({ value, end, fail: () => fail(new Error("gone")) }));
  const { result, rerender } = renderHook(({ value }) => useAutosave(value, save), { initialProps: { value: "a" } });
  const put = (value: string) => rerender({ value });
  const rest = () => act(() => vi.advanceTimersByTimeAsync(1_000));
  return { saves, result, put, rest };
}

it("what is undone before it was saved needs no saving", async () => {
  const { saves, result, put, rest } = edited();
  put("b");
  expect(result.current.state).toBe("waiting");
  put("a");
  expect(result.current.state).toBe("saved");
  await rest();
  expect(saves).toEqual([]);
});

it("what is undone while it is saved is saved as it was", async () => {
  const { saves, result, put, rest } = edited();
  put("b");
  await rest();
  expect(result.current.state).toBe("saving");
  put("a");
  await rest();
  await act(async () => saves[0]?.end());
  expect(saves.map((one) => one.value)).toEqual(["b", "a"]);
  await act(async () => saves[1]?.end());
  expect(result.current.state).toBe("saved");
});

it("what is undone after a save failed is saved again, as that may have arrived", async () => {
  const { saves, result, put, rest } = edited();
  put("b");
  await rest();
  await act(async () => saves[0]?.fail());
  put("a");
  await rest();
  expect(saves.map((one) => one.value)).toEqual(["b", "a"]);
  await act(async () => saves[1]?.end());
  expect(result.current.state).toBe("saved");
});
