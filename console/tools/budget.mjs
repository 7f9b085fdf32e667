// Fails when the built console outgrows its byte budgets (brotli 11, KiB). Run after `vite build`; argument: the output folder.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const LIMITS = { shell: 264, route: 150, canvas: 185, tab: 15, charts: 180, editor: 120, locale: 43, shellFiles: 17 };
const out = process.argv[2] ?? process.env.SIYU_CONSOLE_OUT ?? "dist";
const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
const chunks = Object.entries(manifest);

const sizes = new Map();
function size(file) {
  if (!sizes.has(file)) {
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    sizes.set(file, brotliCompressSync(readFileSync(join(out, file)), options).length / 1024);
  }
  return sizes.get(file);
}

/** Every file that a chunk needs before it runs: itself, its static imports, and their styles. */
function files(key, found = new Set()) {
  const chunk = manifest[key];
  if (!chunk || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const css of chunk.css ?? []) found.add(css);
  for (const next of chunk.imports ?? []) files(next, found);
  return found;
}

const total = (set) => [...set].reduce((sum, file) => sum + size(file), 0);
const without = (set, base) => new Set([...set].filter((file) => !base.has(file)));
const entry = chunks.find(([, chunk]) => chunk.isEntry)[0];
const shell = files(entry);
const rows = [["shell", `${shell.size} files`, total(shell), LIMITS.shell]];
for (const [key, chunk] of chunks) {
  if (!chunk.isDynamicEntry) continue;
  const more = total(without(files(key), shell));
  // The canvas brings React Flow and the controls of every kind of setting; no other page loads them.
  if (key.endsWith("journeys/JourneyPage.tsx")) rows.push(["canvas", key, more, LIMITS.canvas]);
  else if (key.includes("journeys/tabs/")) {
    // What a tab adds to the page of the canvas.
    const page = files(chunks.find(([name]) => name.endsWith("journeys/JourneyPage.tsx"))[0]);
    rows.push(["tab", key, total(without(without(files(key), shell), page)), LIMITS.tab]);
  } else if (key.includes("charts/")) rows.push(["charts", key, more, LIMITS.charts]);
  else if (key.includes("ArticleEditor")) {
    // What the editor adds to the page that opens it.
    const page = files(chunks.find(([name]) => name.endsWith("PiecePage.tsx"))[0]);
    rows.push(["editor", key, total(without(without(files(key), shell), page)), LIMITS.editor]);
  } else if (/locales\/(zh-CN|en)\//.test(key)) rows.push(["locale", key, more, LIMITS.locale]);
  else if (key.startsWith("src/")) rows.push(["route", key, more, LIMITS.route]);
}

let failed = shell.size > LIMITS.shellFiles;
if (failed) console.error(`shell: ${shell.size} files, ${LIMITS.shellFiles} allowed`);
for (const [kind, name, kib, limit] of rows.toSorted((a, b) => b[2] - a[2])) {
  const over = kib > limit;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${kind.padEnd(7)} ${kib.toFixed(1).padStart(7)} / ${limit} KiB br  ${name}`);
}
process.exit(failed ? 1 : 0);
