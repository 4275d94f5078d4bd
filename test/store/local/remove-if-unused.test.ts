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

/** A directory in which somebody does something to a file in the moment before it is moved aside. */
class BusyDir extends LocalDir {
  meanwhile: () => void = () => {};

  override moveAside(kind: string, name: string): string {
    this.meanwhile();
    return super.moveAside(kind, name);
  }
}

test("an output that is taken into use between the look and the removal is put back", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  busy.meanwhile = () => touch(busy.path("output", "abcd"), 1000);
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

test("of two that evict an output one removes it", () => {
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

test("an output that is put anew in that moment stays", () => {
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

testOnPosix("what is no file is left alone", () => {
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

testOnLinux("a directory that can't be written keeps its output", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  using _closed = immutable(dir.join("output", "ab"));
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

test("a notice lies there while the last use is looked at, and is gone afterwards", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  const seen: string[][] = [];
  busy.meanwhile = () => seen.push(filesBelow(dir.join("tmp")));
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(true);
  expect([seen, filesBelow(dir.path)]).toEqual([[["evict-output-abcd"]], []]);
});

test("a file that another process is evicting is left to it", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  mkdirSync(dir.join("tmp"));
  writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd", "tmp/evict-output-abcd"]);
});

describe("a file in use", () => {
  const survives = (dir: TempDir) => survivesEviction(new LocalDir(dir.path), "output", "abcd");

  /** Lets another process remove files while this one waits. */
  function removeSoon(...paths: string[]): Disposable {
    const child = Bun.spawn(["sh", "-c", 'sleep 0.03; rm -f "$@"', "sh", ...paths]);
    return { [Symbol.dispose]: () => child.kill() };
  }

  test("stays where nobody evicts it, and may not where somebody does not come to an end", () => {
    using dir = tempDir("remove");
    makeOutput(dir, 0);
    expect(survives(dir)).toBe(true);
    mkdirSync(dir.join("tmp"));
    writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
    expect(survives(dir)).toBe(false);
  });

  testOnPosix("is gone when its eviction has taken it with it", () => {
    using dir = tempDir("remove");
    makeOutput(dir, 0);
    mkdirSync(dir.join("tmp"));
    writeFileSync(dir.join("tmp", "evict-output-abcd"), "");
    using _removing = removeSoon(dir.join("output", "ab", "abcd"), dir.join("tmp", "evict-output-abcd"));
    expect(survives(dir)).toBe(false);
  });
});
