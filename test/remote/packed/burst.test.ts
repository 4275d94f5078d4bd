import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { pidSpace } from "../../../src/lib/process/process-life.ts";
import { Burst } from "../../../src/remote/packed/burst.ts";
import { age } from "../../buildcache/local-fixture.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const MEBIBYTE = 1 << 20;
const SECOND = 1000;

/** Opens a session that starts now, with a clock that the test moves. */
function open(path: string, mayEndWithGo = true) {
  const clock = new ManualClock();
  return { burst: new Burst(path, { mayEndWithGo, startedMs: clock.nowMs(), clock }), clock };
}

/** Opens a session right after another one. */
function openSecond(dir: TempDir) {
  open(dir.join("ended")).burst.sessionEnded();
  return open(dir.join("ended"));
}

test("the first session of a burst defers nothing, and the next only small uploads", () => {
  using dir = tempDir("burst");
  const path = dir.join("state", "ended");
  const { burst: first } = open(path);
  expect([first.mayDefer(0), existsSync(path)]).toEqual([false, false]);
  first.sessionEnded();
  const { burst: second } = open(path);
  expect([0, 4 * MEBIBYTE, 4 * MEBIBYTE + 1].map((bytes) => second.mayDefer(bytes))).toEqual([
    true,
    true,
    false,
  ]);
});

test.each([
  [9999, true],
  [10_000, false],
  [1_200_000, false],
  [-1, false],
])("a session in a burst that is closed after %p ms defers: %p", (sessionMs, isDeferred) => {
  using dir = tempDir("burst");
  const { burst, clock } = openSecond(dir);
  clock.advance(sessionMs);
  expect(burst.mayDefer(0)).toBe(isDeferred);
});

test("the duration of a session starts before its remote is opened", () => {
  using dir = tempDir("burst");
  open(dir.join("ended")).burst.sessionEnded();
  const clock = new ManualClock();
  const startedMs = clock.nowMs() - 1200 * SECOND;
  const late = new Burst(dir.join("ended"), { mayEndWithGo: true, startedMs, clock });
  expect([late.isUnderWay, late.mayDefer(0)]).toEqual([true, false]);
});

test("a session in another container does not start a burst", () => {
  using dir = tempDir("burst");
  open(dir.join("ended")).burst.sessionEnded();
  writeFileSync(dir.join("ended"), `${pidSpace()}0`);
  const { burst } = open(dir.join("ended"));
  expect([burst.isUnderWay, burst.mayDefer(0)]).toEqual([false, false]);
});

test.each([11_000, -3_600_000])("a session that ended %p ms ago does not start a burst", (ageMs) => {
  using dir = tempDir("burst");
  writeFileSync(dir.join("ended"), pidSpace());
  age(dir.join("ended"), ageMs);
  expect(open(dir.join("ended")).burst.mayDefer(0)).toBe(false);
});

test("a first session is in no burst, even if others end before it", () => {
  using dir = tempDir("burst");
  const { burst: long } = open(dir.join("ended"));
  open(dir.join("ended")).burst.sessionEnded();
  expect(long.mayDefer(0)).toBe(false);
});

test("nothing is deferred if the file can't be created", () => {
  using dir = tempDir("burst");
  writeFileSync(dir.join("file"), "");
  const path = dir.join("file", "ended");
  open(path).burst.sessionEnded();
  expect(open(path).burst.mayDefer(0)).toBe(false);
});

test("if the machine outlives go, small uploads are always deferred, and large ones never", () => {
  using dir = tempDir("burst");
  const { burst: only, clock } = open(dir.join("ended"), false);
  clock.advance(1200 * SECOND);
  expect([only.mayDefer(4 * MEBIBYTE), only.mayDefer(4 * MEBIBYTE + 1)]).toEqual([true, false]);
});
