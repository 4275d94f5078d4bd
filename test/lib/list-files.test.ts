import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { listFiles } from "../../src/lib/list-files.ts";
import { tempDir } from "../support/temp-dir.ts";

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
