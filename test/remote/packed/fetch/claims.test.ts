import { afterEach, describe, expect, jest, spyOn, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { Claims } from "../../../../src/remote/packed/fetch/claims.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { immutable } from "../../../support/full-disk.ts";
import { testOnLinux } from "../../../support/platform.ts";
import { start } from "../../../support/process.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const PACK = "0a".repeat(32);
const OTHER = "0b".repeat(32);

afterEach(() => void jest.useRealTimers());

test("only one helper holds a claim at a time", () => {
  using dir = tempDir("claims");
  const [one, two] = [new Claims(dir.join("claims")), new Claims(dir.join("claims"))];
  expect([one.take(PACK), one.take(PACK), two.take(PACK), two.take(OTHER)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  one.release(PACK);
  expect([two.take(PACK), one.take(PACK)]).toEqual([true, false]);
});

const PROCESSES = 8;
const CLAIMS = 400;
/** Several processes try to take the same claims at once; returns the claims of each. None ends before all have tried. */
async function race(dir: string): Promise<{ got: string[]; takenOver: number }[]> {
  const argv = [process.execPath, require.resolve("./claims-child.ts"), dir, String(CLAIMS), "stay"];
  const children = Array.from({ length: PROCESSES }, () =>
    Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }),
  );
  const readers = children.map(({ stdout }) => stdout.getReader());
  for (const reader of readers) await reader.read();
  for (const { stdin } of children) void stdin.end();
  const outputs = await Promise.all(readers.map((reader) => reader.read()));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  return outputs.map(({ value }) => JSON.parse(new TextDecoder().decode(value)));
}

test("each of many claims goes to exactly one of several concurrent processes", async () => {
  using dir = tempDir("claims");
  const results = await race(dir.path);
  const got = results.flatMap((result) => result.got);
  expect(new Set(got).size).toBe(CLAIMS);
  // A process that a busy machine stops for three seconds counts as dead, and another one takes its claims over.
  const takenOver = results.reduce((sum, result) => sum + result.takenOver, 0);
  expect(got.length).toBeLessThanOrEqual(CLAIMS + takenOver);
});

test("no file is left after a release, also after a second one", () => {
  using dir = tempDir("claims");
  const claims = new Claims(dir.path);
  for (const id of [PACK, OTHER]) claims.take(id);
  expect(readdirSync(dir.path)).toHaveLength(2);
  claims.release(PACK);
  claims.release(PACK);
  claims.releaseAll();
  expect([readdirSync(dir.path), claims.take(PACK)]).toEqual([[], true]);
});

describe("a dead helper", () => {
  test("loses its claims at once if its process is visible", async () => {
    using dir = tempDir("claims");
    const argv = [process.execPath, require.resolve("./claims-child.ts"), dir.path, "1", "stay"];
    await using holder = start(argv);
    await holder.stdoutHas("got");
    const claims = new Claims(dir.path);
    // The time of the last heartbeat must not matter.
    const take = () => {
      utimesSync(dir.join("0"), new Date(), new Date());
      return claims.take("0");
    };
    expect(take()).toBe(false);
    holder.signal("SIGKILL");
    await holder.outcome;
    expect(take()).toBe(true);
    claims.releaseAll();
  });

  test("loses its claims after three seconds", () => {
    using _now = spyOn(Date, "now").mockReturnValue(Date.now());
    using dir = tempDir("claims");
    writeFileSync(dir.join(PACK), "");
    writeFileSync(dir.join(OTHER), "");
    age(dir.join(PACK), 3_100);
    age(dir.join(OTHER), 1_000);
    let takenOver = 0;
    const claims = new Claims(dir.path, () => takenOver++);
    expect([claims.take(PACK), claims.take(OTHER), takenOver]).toEqual([true, false, 1]);
  });

  test("loses its claims even if its clock was ahead", () => {
    using dir = tempDir("claims");
    writeFileSync(dir.join(PACK), "");
    age(dir.join(PACK), -3_600_000);
    expect(new Claims(dir.path).take(PACK)).toBe(true);
  });
});

test("a live helper keeps its claims", () => {
  jest.useFakeTimers();
  using dir = tempDir("claims");
  const claims = new Claims(dir.path);
  claims.take(PACK);
  jest.advanceTimersByTime(3_600_000);
  expect(new Claims(dir.path).take(PACK)).toBe(false);
  claims.releaseAll();
});

test("the claim of another helper is not released", () => {
  using dir = tempDir("claims");
  const claims = new Claims(dir.path);
  claims.release(PACK);
  writeFileSync(dir.join(PACK), "");
  claims.release(PACK);
  expect(existsSync(dir.join(PACK))).toBe(true);
});

describe("every helper gets the claim if its file can't be created,", () => {
  test("because a file blocks the directory", () => {
    using dir = tempDir("claims");
    writeFileSync(dir.join("file"), "");
    for (const path of [dir.join("file"), dir.join("file", "below")]) {
      expect([new Claims(path).take(PACK), new Claims(path).take(PACK)]).toEqual([true, true]);
    }
  });

  testOnLinux("because the disk refuses", () => {
    using dir = tempDir("claims");
    const path = dir.join("claims");
    mkdirSync(path);
    using _closed = immutable(path);
    expect([new Claims(path).take(PACK), new Claims(path).take(PACK)]).toEqual([true, true]);
  });
});
