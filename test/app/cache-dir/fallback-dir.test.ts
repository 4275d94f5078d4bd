import { expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { FallbackDir } from "../../../src/app/cache-dir/fallback-dir.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { FullDisk, immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NAME = `go-cache-plugin-${process.getuid?.() ?? "user"}`;

testOnPosix("is made with the first need only, for its user alone, in the first place that takes it", () => {
  using dir = tempDir("fallback-dir");
  for (const place of ["one", "two"]) mkdirSync(dir.join(place));
  const fallback = new FallbackDir("/cache", [dir.join("one"), dir.join("two")]);
  expect([fallback.existing(), existsSync(dir.join("one", NAME))]).toEqual([undefined, false]);
  expect(fallback.writable()?.root).toBe(dir.join("one", NAME));
  expect((statSync(dir.join("one", NAME)).mode & 0o777).toString(8)).toBe("700");
  expect([filesBelow(dir.path), existsSync(dir.join("two", NAME))]).toEqual([[], false]);
});

test("once made it is what exists, for this and for later helpers", () => {
  using dir = tempDir("fallback-dir");
  const fallback = new FallbackDir("/cache", [dir.path]);
  fallback.existing();
  const made = fallback.writable();
  expect([fallback.existing(), fallback.writable()]).toEqual([made, made]);
  expect(new FallbackDir("/cache", [dir.path]).existing()?.root).toBe(dir.join(NAME));
});

testOnLinux("passes over places that don't exist, are full or can't be written", () => {
  using dir = tempDir("fallback-dir");
  using full = new FullDisk(4_096 * 4);
  writeFileSync(full.join("ballast"), Buffer.alloc(4_096 * 4));
  mkdirSync(dir.join("closed"));
  using _closed = immutable(dir.join("closed"));
  writeFileSync(dir.join("file"), "");
  const places = [dir.join("file"), full.path, dir.join("closed"), dir.join("good")];
  expect(new FallbackDir("/cache", places).writable()?.root).toBe(dir.join("good", NAME));
});

testOnLinux("trusts no directory of somebody else, and no link", () => {
  using dir = tempDir("fallback-dir");
  mkdirSync(dir.join("foreign", NAME), { recursive: true });
  chownSync(dir.join("foreign", NAME), 65_534, 65_534);
  chmodSync(dir.join("foreign", NAME), 0o777);
  mkdirSync(dir.join("linked"));
  symlinkSync("/tmp", dir.join("linked", NAME));
  const fallback = new FallbackDir("/cache", [dir.join("foreign"), dir.join("linked")]);
  expect([fallback.existing(), fallback.writable()]).toEqual([undefined, undefined]);
});

test("is never the directory that failed", () => {
  using dir = tempDir("fallback-dir");
  const fallback = new FallbackDir(dir.join(NAME), [dir.path]);
  expect(fallback.writable()).toBeUndefined();
});

test("without any place there is none, and that is remembered", () => {
  using dir = tempDir("fallback-dir");
  writeFileSync(dir.join("file"), "");
  const fallback = new FallbackDir("/cache", [dir.join("file")]);
  expect([fallback.writable(), fallback.existing(), fallback.writable()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
