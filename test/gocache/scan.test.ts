import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { usedActions } from "../../src/gocache/scan.ts";
import { sha256Hex } from "../support/ids.ts";
import { tempDir } from "../support/temp-dir.ts";

const SINCE_MS = 1_790_000_000_000;

function place(path: string, mtimeMs = SINCE_MS): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
}

async function scan(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const some of usedActions(root, SINCE_MS)) found.push(...some);
  return found;
}

test("the actions whose files changed since then are found, and nothing else", async () => {
  using dir = tempDir("scan");
  const [used, made, old] = ["used", "made", "old"].map(sha256Hex) as [string, string, string];
  const file = (id: string, end = "-a") => dir.join(id.slice(0, 2), `${id}${end}`);
  place(file(used));
  place(file(made), SINCE_MS + 1_000_000);
  place(file(old), SINCE_MS - 1);
  place(file(sha256Hex("output"), "-d"));
  place(file(sha256Hex("unfinished"), "-a.123"));
  for (const name of [
    "README",
    "trim.txt",
    "testexpire.txt",
    "fuzz/x/FuzzA/0",
    `${used}-a`,
    `00/${"0".repeat(63)}-a`,
  ])
    place(dir.join(name));
  const elsewhere = sha256Hex("elsewhere");
  place(dir.join(elsewhere.startsWith("00") ? "01" : "00", `${elsewhere}-a`));
  mkdirSync(dir.join("11", `11${"0".repeat(62)}-a`), { recursive: true });
  expect(new Set(await scan(dir.path))).toEqual(new Set([used, made]));
});

test("they come in ascending order, in which their rows lie in a segment", async () => {
  using dir = tempDir("scan");
  const ids = ["ab7f", "0abc", "abff", "ab00"].map((start) => start.padEnd(64, "0"));
  for (const id of ids) place(dir.join(id.slice(0, 2), `${id}-a`));
  expect(await scan(dir.path)).toEqual([1, 3, 0, 2].map((at) => ids[at] ?? ""));
});

test.if(process.platform !== "win32")("links are not followed", async () => {
  using dir = tempDir("scan");
  const id = sha256Hex("x");
  const there = dir.join("there", id.slice(0, 2));
  place(join(there, `${id}-a`));
  mkdirSync(dir.join("cache"));
  symlinkSync(there, dir.join("cache", id.slice(0, 2)));
  mkdirSync(dir.join("other", id.slice(0, 2)), { recursive: true });
  symlinkSync(join(there, `${id}-a`), dir.join("other", id.slice(0, 2), `${id}-a`));
  expect([await scan(dir.path), await scan(dir.join("cache")), await scan(dir.join("other"))]).toEqual([
    [],
    [],
    [],
  ]);
});

test("a cache that does not exist has none", async () => {
  expect(await scan("/nonexistent/go-build")).toEqual([]);
});
