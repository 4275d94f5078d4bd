import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { Burst } from "../../../src/remote/packed/burst.ts";
import { age } from "../../buildcache/local-fixture.ts";
import { tempDir } from "../../support/temp-dir.ts";

const MEBIBYTE = 1 << 20;

test("the first session of a row does not put off anything, and the next only a little", () => {
  using dir = tempDir("burst");
  const path = dir.join("state", "session-ended");
  const first = new Burst(path, { mayEndWithGo: true });
  expect([first.mayWait(0), existsSync(path)]).toEqual([false, false]);
  first.sessionEnded();
  const second = new Burst(path, { mayEndWithGo: true });
  expect([second.mayWait(0), second.mayWait(4 * MEBIBYTE), second.mayWait(4 * MEBIBYTE + 1)]).toEqual([
    true,
    true,
    false,
  ]);
});

test.each([11_000, -3_600_000])("a session that ended %p ms ago begins no row", (ageMs) => {
  using dir = tempDir("burst");
  writeFileSync(dir.join("ended"), "");
  age(dir.join("ended"), ageMs);
  expect(new Burst(dir.join("ended"), { mayEndWithGo: true }).mayWait(0)).toBe(false);
});

test("a session that goes on while others end puts off no more for that", () => {
  using dir = tempDir("burst");
  const long = new Burst(dir.join("ended"), { mayEndWithGo: true });
  new Burst(dir.join("ended"), { mayEndWithGo: true }).sessionEnded();
  expect(long.mayWait(0)).toBe(false);
});

test("where no file can be made nothing is put off", () => {
  using dir = tempDir("burst");
  writeFileSync(dir.join("file"), "");
  const path = dir.join("file", "ended");
  new Burst(path, { mayEndWithGo: true }).sessionEnded();
  expect(new Burst(path, { mayEndWithGo: true }).mayWait(0)).toBe(false);
});

test("where the machine stays, a little is always put off, and much never", () => {
  using dir = tempDir("burst");
  const only = new Burst(dir.join("ended"), { mayEndWithGo: false });
  expect([only.mayWait(4 * MEBIBYTE), only.mayWait(4 * MEBIBYTE + 1)]).toEqual([true, false]);
});
