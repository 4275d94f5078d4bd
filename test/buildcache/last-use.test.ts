/** The last use of an output is its file's time of last change, refreshed seldom. */
import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { immutable } from "../support/full-disk.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, HOUR_MS, openLocal, writeEntry } from "./local-fixture.ts";

/** How old the output's last use is after a hit on an entry of this age, in whole minutes. */
function ageAfterHit(ageMs: number, expiryMs: number | undefined): number {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path, { expiryMs });
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs });
  expect(local.get(ACTION)).toBeDefined();
  return Math.round((Date.now() - statSync(localDir.path("output", HELLO)).mtimeMs) / 60_000);
}

test.each([
  [59, undefined, 59],
  [61, undefined, 0],
  [61, 100 * HOUR_MS, 0],
  [59, 100 * HOUR_MS, 59],
  [14, HOUR_MS, 14],
  [16, HOUR_MS, 0],
])(
  "an output used %p min ago, with an expiry of %p ms, is %p min old after a hit",
  (minutes, expiryMs, after) => {
    expect(ageAfterHit(minutes * 60_000, expiryMs)).toBe(after);
  },
);

test("a record's time is never refreshed", () => {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 5 * HOUR_MS });
  const before = statSync(localDir.path("action", ACTION)).mtimeMs;
  local.get(ACTION);
  expect(statSync(localDir.path("action", ACTION)).mtimeMs).toBe(before);
});

test("reusing an output marks it as used", () => {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 5 * HOUR_MS });
  local.reuseOutput(HELLO, 5);
  expect(Date.now() - statSync(localDir.path("output", HELLO)).mtimeMs).toBeLessThan(HOUR_MS);
});

test("an output that can't be marked is a hit all the same", () => {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 5 * HOUR_MS });
  using _closed = immutable(localDir.path("output", HELLO));
  expect(local.get(ACTION)).toMatchObject({ outputId: HELLO });
  expect(existsSync(localDir.path("output", HELLO))).toBe(true);
});
