/** An output's last use is its file's mtime, a record's its atime. Both are refreshed at most once per interval. */
import { expect, test } from "bun:test";
import { existsSync, statSync, utimesSync } from "node:fs";
import { ACTION, HELLO, HOUR_MS, openLocal, writeAged, writeEntry } from "../../buildcache/local-fixture.ts";
import { FullDisk, immutable } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** Age of the output's last use after a hit on an entry of this age, in whole minutes. */
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

testOnLinux.each([
  [59, 59],
  [61, 0],
])("a record used %p min ago is %p min old after a hit, and keeps the time of its put", (minutes, after) => {
  using dir = new FullDisk(1 << 20);
  dir.keepAccessTimes();
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  const [nowMs, putMs] = [Date.now(), Date.UTC(2024, 1, 2, 3, 4, 5, 678)];
  const path = localDir.path("action", ACTION);
  utimesSync(path, nowMs / 1000 - minutes * 60, putMs / 1000);
  expect(local.get(ACTION)?.putTimeMs).toBe(putMs);
  const { atimeMs, mtimeMs } = statSync(path);
  expect([Math.round((Date.now() - atimeMs) / 60_000), mtimeMs]).toEqual([after, putMs]);
  expect(local.get(ACTION)?.putTimeMs).toBe(putMs);
});

testOnLinux("a lookup without an output does not mark the record as used", () => {
  using dir = new FullDisk(1 << 20);
  dir.keepAccessTimes();
  const { dir: localDir, local } = openLocal(dir.path);
  const path = localDir.path("action", ACTION);
  writeAged(path, `${HELLO} 5\n`, 5 * HOUR_MS);
  expect(local.get(ACTION)).toBeUndefined();
  expect(Date.now() - statSync(path).atimeMs).toBeGreaterThan(HOUR_MS);
});

test("reusing an output marks it as used", () => {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 5 * HOUR_MS });
  local.reuseOutput(HELLO, 5);
  expect(Date.now() - statSync(localDir.path("output", HELLO)).mtimeMs).toBeLessThan(HOUR_MS);
});

testOnLinux("an output that can't be marked is a hit nevertheless", () => {
  using dir = tempDir("last-use");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 5 * HOUR_MS });
  using _closed = immutable(localDir.path("output", HELLO));
  expect(local.get(ACTION)).toMatchObject({ outputId: HELLO });
  expect(existsSync(localDir.path("output", HELLO))).toBe(true);
});
