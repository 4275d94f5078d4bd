import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { appendMissed, type MissedSession, readMissed } from "../../../src/app/explain/missed-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const SESSION: MissedSession = {
  of: { job: "ci/test", run: "7-1" },
  endedAtMs: 5,
  lookUps: 9,
  missed: 2,
  scope: { platform: "p", project: "example.com/app", branch: "main", job: "test" },
  hasRemote: true,
  misses: [
    { actionId: "0a", reason: "slow", missedAtMs: 3, compileMs: 1.5 },
    { actionId: "0b", reason: "unknown", missedAtMs: 4, compileMs: undefined },
  ],
};

test("is read as it was written", () => {
  using dir = tempDir("missed");
  appendMissed(dir.path, SESSION);
  appendMissed(dir.path, { ...SESSION, endedAtMs: 6 });
  expect(readMissed(dir.path)).toEqual([SESSION, { ...SESSION, endedAtMs: 6 }]);
});

test("holds the first five thousand misses", () => {
  using dir = tempDir("missed");
  const [first] = SESSION.misses;
  appendMissed(dir.path, {
    ...SESSION,
    missed: 6_000,
    misses: Array.from({ length: 6_000 }, () => first as never),
  });
  const [{ missed, misses = [] } = {}] = readMissed(dir.path);
  expect([missed, misses.length]).toEqual([6_000, 5_000]);
});

test.each([
  "",
  "null",
  "{}",
  '{"endedAtMs":1,"lookUps":1,"missed":1,"scope":{},"misses":[]}',
  '{"endedAtMs":1,"lookUps":1,"missed":1,"of":{"job":"j","run":"1"},"scope":{"platform":"p","project":"p","branch":"b","job":"j"},"misses":[["0a","why not",1,1]]}',
])("%j is no session", (text) => {
  using dir = tempDir("missed");
  mkdirSync(dir.join("state"));
  writeFileSync(dir.join("state", "missed.jsonl"), text);
  appendMissed(dir.path, SESSION);
  expect(readMissed(dir.path)).toEqual([SESSION]);
});

test("takes a bounded room, and keeps the newest", () => {
  using dir = tempDir("missed");
  const path = dir.join("state", "missed.jsonl");
  appendMissed(dir.path, SESSION);
  appendFileSync(path, `\n${"x".repeat(1_000)}`.repeat(9_000));
  appendMissed(dir.path, { ...SESSION, endedAtMs: 6 });
  expect(statSync(path).size).toBeLessThan(5 << 20);
  expect(readMissed(dir.path).map(({ endedAtMs }) => endedAtMs)).toEqual([6]);
});
