import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { HealthFile, type SavedHealth } from "../../../src/store/guard/health-file.ts";
import { FakeNow } from "../../support/fake-now.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

function savedHealth(clock: FakeNow): SavedHealth {
  return {
    savedAtMs: clock.ms,
    reason: "no answer",
    reads: { probeAtMs: clock.ms + 10_000, pauseMs: 10_000 },
    writes: { probeAtMs: clock.ms + 20_000, pauseMs: 20_000 },
    isSlow: true,
  };
}

test.each([0, 59_999, 60_000])("a state %p ms old is believed", (ageMs) => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  const saved = savedHealth(clock);
  new HealthFile(dir.join("state", "remote.json"), clock.now).save(saved);
  clock.advance(ageMs);
  expect(new HealthFile(dir.join("state", "remote.json"), clock.now).load()).toEqual(saved);
  expect(filesBelow(dir.path)).toEqual(["state/remote.json"]);
});

test.each([60_001, 600_000])(
  "a state %p ms old is stale: probes are due, and the remote is not slow",
  (ageMs) => {
    using dir = tempDir("health");
    const clock = new FakeNow();
    const saved = savedHealth(clock);
    const file = new HealthFile(dir.join("remote.json"), clock.now);
    file.save(saved);
    clock.advance(ageMs);
    expect(file.load()).toEqual({
      ...saved,
      reads: { probeAtMs: 0, pauseMs: 10_000 },
      writes: { probeAtMs: 0, pauseMs: 20_000 },
      isSlow: false,
    });
  },
);

test.each([600_001, -1])("a state %p ms old is forgotten", (ageMs) => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  const file = new HealthFile(dir.join("remote.json"), clock.now);
  file.save(savedHealth(clock));
  clock.advance(ageMs);
  expect(file.load()).toBeUndefined();
});

test("a healthy side is omitted", () => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  const file = new HealthFile(dir.join("remote.json"), clock.now);
  file.save({ ...savedHealth(clock), writes: undefined });
  clock.advance(61_000);
  expect(file.load()).toMatchObject({ reads: { probeAtMs: 0 } });
  expect(file.load()?.writes).toBeUndefined();
});

test.each([
  "",
  "{",
  "null",
  "5",
  "[]",
  '"text"',
  "{}",
  '{"savedAtMs":"now"}',
  '{"savedAtMs":NOW,"reads":null}',
  '{"savedAtMs":NOW,"reads":5}',
  '{"savedAtMs":NOW,"reads":{}}',
  '{"savedAtMs":NOW,"writes":{"probeAtMs":1,"pauseMs":"long"}}',
  '{"savedAtMs":NOW,"reason":"","isSlow":1}',
])("a file with %s is ignored", (text) => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  writeFileSync(dir.join("remote.json"), text.replace("NOW", String(clock.ms)));
  expect(new HealthFile(dir.join("remote.json"), clock.now).load()).toBeUndefined();
});

test("a missing file is ignored, and so is a directory", () => {
  using dir = tempDir("health");
  expect([dir.join("none"), dir.path].map((path) => new HealthFile(path).load())).toEqual([
    undefined,
    undefined,
  ]);
});

test("clear removes the file, and succeeds without one", () => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  const file = new HealthFile(dir.join("remote.json"), clock.now);
  file.save(savedHealth(clock));
  file.clear();
  file.clear();
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});

testOnLinux("neither save nor clear throws if the directory is read-only", () => {
  using dir = tempDir("health");
  const clock = new FakeNow();
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("closed"));
  writeFileSync(dir.join("closed", "remote.json"), "old");
  using _closed = immutable(dir.join("closed"));
  for (const path of [dir.join("file", "remote.json"), dir.join("closed", "remote.json")]) {
    const file = new HealthFile(path, clock.now);
    file.save(savedHealth(clock));
    file.clear();
  }
  expect(filesBelow(dir.path)).toEqual(["closed/remote.json", "file"]);
});
