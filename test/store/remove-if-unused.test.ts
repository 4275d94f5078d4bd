import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { LocalDir } from "../../src/store/local-dir.ts";
import { removeIfUnused } from "../../src/store/remove-if-unused.ts";
import { filesBelow } from "../support/file-tree.ts";
import { immutable } from "../support/full-disk.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

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

test("an output that somebody else removes first was not removed here", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  const busy = new BusyDir(dir.path);
  busy.meanwhile = () => void removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS);
  expect(removeIfUnused(busy, "output", "abcd", LIMIT_MS)).toBe(false);
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

test("what is no file is left alone", () => {
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

test("a directory that can't be written keeps its output", () => {
  using dir = tempDir("remove");
  makeOutput(dir, -1000);
  using _closed = immutable(dir.join("output", "ab"));
  expect(removeIfUnused(new LocalDir(dir.path), "output", "abcd", LIMIT_MS)).toBe(false);
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});
