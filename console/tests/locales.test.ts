import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const all = (bundles: Record<string, Record<string, Record<string, string>>>) =>
  Object.assign({}, ...Object.values(bundles));
const en = all(import.meta.glob("../src/locales/en/*.ts", { eager: true, import: "default" }));
const zh = all(import.meta.glob("../src/locales/zh-CN/*.ts", { eager: true, import: "default" }));

type Texts = Record<string, Record<string, string>>;
const flat = (texts: Texts) =>
  new Map(
    Object.entries(texts).flatMap(([room, keys]) =>
      Object.entries(keys).map(([key, text]) => [`${room}.${key}`, text] as const),
    ),
  );
const bare = (key: string) => key.replace(/_(one|other)$/, "");
const zhTexts = flat(zh as Texts);
const enTexts = flat(en as Texts);

it("has the same keys in both languages", () => {
  const names = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(bare))].toSorted();
  expect(names(zhTexts)).toEqual(names(enTexts));
});

it("asks for the same values in both languages", () => {
  const slots = (text: string) => [...new Set(text.match(/{{\w+}}/g) ?? [])].toSorted();
  for (const [key, text] of enTexts) {
    const other = zhTexts.get(key) ?? zhTexts.get(`${bare(key)}_other` as typeof key);
    if (other) expect([key, slots(text)]).toEqual([key, slots(other)]);
  }
});

it("leaves no text empty", () => {
  for (const [key, text] of [...zhTexts, ...enTexts]) expect([key, text.trim() !== ""]).toEqual([key, true]);
});

it("holds every key that the code names", () => {
  const known = new Set([...enTexts.keys()].map(bare));
  const missing: string[] = [];
  for (const file of sources(join(__dirname, "../src"))) {
    for (const [, key] of readFileSync(file, "utf8").matchAll(/\bt\(\s*"([a-z]+\.[^"]+)"/g))
      if (key && !known.has(key)) missing.push(key);
  }
  expect(missing).toEqual([]);
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(path) ? [path] : [];
  });
}
