// The lock file must install on every platform and must not name a registry: both have broken `npm ci` before.

import { readFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const packages = Object.keys(lock.packages);
const faults = [];
for (const [family, platforms] of [
  ["@biomejs/cli-", ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"]],
  ["@rolldown/binding-", ["darwin-arm64", "darwin-x64", "linux-arm64-gnu", "linux-x64-gnu", "win32-x64-msvc"]],
  ["lightningcss-", ["darwin-arm64", "darwin-x64", "linux-arm64-gnu", "linux-x64-gnu", "win32-x64-msvc"]],
]) {
  for (const platform of platforms) {
    if (!packages.some((name) => name.endsWith(`node_modules/${family}${platform}`)))
      faults.push(`${family}${platform} is missing`);
  }
}
for (const [name, entry] of Object.entries(lock.packages)) {
  if (entry.resolved) faults.push(`${name} records where it was fetched from`);
}
for (const fault of faults) console.error(`package-lock.json: ${fault}`);
process.exit(faults.length ? 1 : 0);
