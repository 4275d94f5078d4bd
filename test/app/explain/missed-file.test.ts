import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { type MissedSession, readMissed, writeMissed } from "../../../src/app/explain/missed-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const SESSION: MissedSession = {
  endedAtMs: 5,
  lookUps: 9,
  missed: 2,
  scope: { platform: "p", project: "example.com/app", branch: "main", job: "test" },
  hasRemote: true,
  misses: [
    { actionId: "0a", reason: "slow", missedAtMs: 3, madeMs: 1.5 },
    { actionId: "0b", reason: "unknown", missedAtMs: 4, madeMs: undefined },
  ],
};

test("is read as it was written", () => {
  using dir = tempDir("missed");
  writeMissed(dir.path, SESSION);
  expect(readMissed(dir.path)).toEqual(SESSION);
});

test("holds the first five thousand misses", () => {
  using dir = tempDir("missed");
  const [first] = SESSION.misses;
  writeMissed(dir.path, {
    ...SESSION,
    missed: 6_000,
    misses: Array.from({ length: 6_000 }, () => first as never),
  });
  const { missed, misses = [] } = readMissed(dir.path) ?? {};
  expect([missed, misses.length]).toEqual([6_000, 5_000]);
});

test.each([
  "",
  "null",
  "{}",
  '{"endedAtMs":1,"lookUps":1,"missed":1,"scope":{},"misses":[]}',
  '{"endedAtMs":1,"lookUps":1,"missed":1,"scope":{"platform":"p","project":"p","branch":"b","job":"j"},"misses":[["0a","why not",1,1]]}',
])("%j is no session", (text) => {
  using dir = tempDir("missed");
  mkdirSync(dir.join("state"));
  writeFileSync(dir.join("state", "missed.json"), text);
  expect(readMissed(dir.path)).toBeUndefined();
});
