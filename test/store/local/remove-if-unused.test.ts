import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { removeIfUnused, survivesEviction } from "../../../src/store/local/remove-if-unused.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const LIMIT_MS = 1_700_000_000_000;

/** The output `abcd`, last used `usedMs` after the limit. */
function makeOutput(dir: TempDir, usedMs: number): void {
  mkdirSync(dir.join("output", "ab"), { recursive: true });
  writeFileSync(dir.join("output", "ab", "abcd"), "x");
  touch(dir.join("output", "ab", "abcd"), usedMs);
}

function touch(path: string, usedMs: number): void {
  utimesSync(path, (LIMIT_MS + usedMs) / 1000, (LIMIT_MS + usedMs) / 1000);
}

test.each([
  [-1000, true, []],
  [0, false, ["output/ab/abcd"]],
  [1000, false, ["output/ab/abcd"]],
])("an output used %p ms after the limit: removed is %p", (usedMs, isRemoved, left) => {
  using dir = tempDir("remove");
  makeOutput(dir, usedMs);
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(isRemoved);
  expect(filesBelow(dir.path)).toEqual(left);
});

/** A directory that runs a callback on a file right before it is moved aside. */
class BusyDir extends LocalDir {
  meanwhile: () => void = () => {};

  override moveAside(kind: string, name: string): string {
    this.meanwhile();
    return super.moveAside(kind, name);
  }
}

test("an output that is used between the check and the removal is moved back", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  busy.meanwhile = () => touch(busy.path("output", "abcd"), 1000);
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

test("of two concurrent evictions, one removes the output", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  let other: boolean | undefined;
  busy.meanwhile = () => {
    other = removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS);
  };
  expect([removeIfUnused(busy, "output", "abcd", LIMIT_MS), other]).toEqual([true, false]);
  expect(filesBelow(dir.path)).toEqual([]);
});

test("an output that is put again in that moment stays", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  const moveAside = busy.moveAside.bind(busy);
  busy.moveAside = (kind, name) => {
    touch(busy.path(kind, name), 1000);
    const aside = moveAside(kind, name);
    makeOutput(dir, 2000);
    return aside;
  };
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

testOnPosix("special files and directories stay", () => {
  using dir = tempDir("remove");
  mkdirSync(dir.join("output", "ab", "abcd"), { recursive: true });
  symlinkSync("abce", dir.join("output", "ab", "abce"));
  const names = ["abcd", "abce", "abcf"];
  expect(names.map((name) => removeIfUnused(new LocalDir(dir.path), "output", name, LIMIT_MS))).toEqual([
    false,
    false,
    false,
  ]);
});

testOnLinux("a read-only directory keeps its output", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  using _closed = immutable(dir.join("output", "ab"));
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

test("the notice exists during the check and is removed afterwards", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  const seen: string[][] = [];
  busy.meanwhile = () => seen.push(filesBelow(dir.join("tmp")));
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(true);
  expect([seen, filesBelow(dir.path)]).toEqual([[["evict-output-abcd"]], []]);
});

test("a file that another process is evicting is skipped", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  mkdirSync(dir.join("tmp"));
  writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd", "tmp/evict-output-abcd"]);
});

describe("a file in use", () => {
  const survives = (dir: TempDir) => survivesEviction(new LocalDir(dir.path), "output", "abcd");

  /** Another process that removes files while this one waits. */
  function removeSoon(...paths: string[]): Disposable {
    const child = Bun.spawn(["sh", "-c", 'sleep 0.03; rm -f "$@"', "sh", ...paths]);
    return { [Symbol.dispose]: () => child.kill() };
  }

  test("stays without an eviction, but may not during one that never ends", () => {
    using dir = tempDir("remove");
    makeOutput(dir, 0);
    expect(survives(dir)).toBe(true);
    mkdirSync(dir.join("tmp"));
    writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
    expect(survives(dir)).toBe(false);
  });

  testOnPosix("is gone after its eviction", () => {
    using dir = tempDir("remove");
    makeOutput(dir, 0);
    mkdirSync(dir.join("tmp"));
    writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
    using _removing = removeSoon(dir.join("output", "ab", "abcd"), dir.join("tmp", "evict-output-abcd"));
    expect(survives(dir)).toBe(false);
  });
});
