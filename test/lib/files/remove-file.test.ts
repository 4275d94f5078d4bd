import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { removeFile } from "../../../src/lib/files/remove-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("removes a file, and is content with none", () => {
  using dir = tempDir("remove-file");
  writeFileSync(dir.join("file"), "");
  const removed = [removeFile(dir.join("file")), removeFile(dir.join("file"))];
  expect([...removed, existsSync(dir.join("file"))]).toEqual([true, true, false]);
});

test("says so, and does not throw, when it can't", () => {
  using dir = tempDir("remove-file");
  mkdirSync(dir.join("directory"));
  expect([removeFile(dir.join("directory")), existsSync(dir.join("directory"))]).toEqual([false, true]);
});
