import { afterEach, beforeEach, expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import { goCacheToRead } from "../../../src/app/cache-dir/open-read-through.ts";
import { testOnLinux } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("open-read-through");
});
afterEach(() => dir[Symbol.dispose]());

function open(gocache: string | undefined, root = dir.join("helper")): boolean {
  return goCacheToRead({ GOCACHE: gocache }, root) !== undefined;
}

test.each([undefined, "", "off", "relative/path"])("GOCACHE=%p is not read", (path) => {
  expect(open(path)).toBe(false);
});

test("a directory is read, also one that is not there yet", () => {
  expect(open(dir.join("missing"))).toBe(true);
  mkdirSync(dir.join("go-build"));
  expect(open(dir.join("go-build"))).toBe(true);
});

test("nothing is put beside what trusted keys have signed", () => {
  expect(open(dir.join("go-build"), dir.join("trust/0123456789abcdef"))).toBe(false);
});

testOnLinux("a directory of another user is not read", () => {
  mkdirSync(dir.join("theirs"));
  chownSync(dir.join("theirs"), 12_345, 12_345);
  expect(open(dir.join("theirs"))).toBe(false);
});
