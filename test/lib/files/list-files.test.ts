import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { listFiles } from "../../../src/lib/files/list-files.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("lists the names in a directory", () => {
  using dir = tempDir("list-files");
  mkdirSync(dir.join("sub"));
  for (const name of ["b", ".a", "sub/c"]) writeFileSync(dir.join(name), "");
  expect(new Set(listFiles(dir.path))).toEqual(new Set([".a", "b", "sub"]));
});

test("lists nothing of what is no directory", () => {
  using dir = tempDir("list-files");
  writeFileSync(dir.join("file"), "");
  expect(["none", "file", "file/below"].flatMap((name) => listFiles(dir.join(name)))).toEqual([]);
});

testOnPosix("lists nothing of a directory behind a link", () => {
  using dir = tempDir("list-files");
  mkdirSync(dir.join("elsewhere"));
  writeFileSync(dir.join("elsewhere", "file"), "");
  symlinkSync(dir.join("elsewhere"), dir.join("link"));
  expect([listFiles(dir.join("elsewhere")), listFiles(dir.join("link"))]).toEqual([["file"], []]);
});
