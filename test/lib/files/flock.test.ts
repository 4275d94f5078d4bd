import { expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { tryFlock } from "../../../src/lib/files/flock.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { run } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a file that is not there has no lock, and is not made", () => {
  using dir = tempDir("flock");
  expect(tryFlock(dir.join("missing"))).toBeUndefined();
  expect(tryFlock(dir.join("missing"))).toBeUndefined();
});

testOnPosix("a link is not followed, and a pipe not waited for", async () => {
  using dir = tempDir("flock");
  writeFileSync(dir.join("file"), "");
  symlinkSync(dir.join("file"), dir.join("link"));
  expect(tryFlock(dir.join("link"))).toBeUndefined();
  await run(["mkfifo", dir.join("pipe")]);
  using _lock = tryFlock(dir.join("pipe"));
});

testOnPosix("one has it at a time", () => {
  using dir = tempDir("flock");
  const path = dir.join("file");
  writeFileSync(path, "text");
  {
    using lock = tryFlock(path);
    expect([lock === undefined, tryFlock(path)]).toEqual([false, undefined]);
  }
  using again = tryFlock(path);
  expect(again).toBeDefined();
});

testOnLinux("it is the lock of other programs, too", async () => {
  using dir = tempDir("flock");
  const path = dir.join("file");
  writeFileSync(path, "");
  const other = async () => (await run(["flock", "--nonblock", path, "true"])).exitCode;
  expect(await other()).toBe(0);
  using lock = tryFlock(path);
  expect([lock === undefined, await other()]).toEqual([false, 1]);
});
