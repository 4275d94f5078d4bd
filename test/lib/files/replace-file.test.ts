import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { replaceFile } from "../../../src/lib/files/replace-file.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("throws and leaves nothing behind where no file can be", () => {
  using dir = tempDir("replace");
  mkdirSync(dir.join("taken", "inside"), { recursive: true });
  expect(() => replaceFile(dir.join("taken"), "new")).toThrow();
  expect(readdirSync(dir.path)).toEqual(["taken"]);
});

test("makes the file and its directory, and replaces it as a whole", () => {
  using dir = tempDir("replace");
  const path = dir.join("a", "b", "file");
  replaceFile(path, "a long first text");
  replaceFile(path, Buffer.from("short"));
  expect(readFileSync(path, "utf8")).toBe("short");
  expect(readdirSync(dir.join("a", "b"))).toEqual(["file"]);
});

testOnPosix("is for its owner's eyes only, and replaces a link without following it", () => {
  using dir = tempDir("replace");
  writeFileSync(dir.join("elsewhere"), "theirs");
  for (const name of ["file", `file.${process.pid}`]) symlinkSync(dir.join("elsewhere"), dir.join(name));
  replaceFile(dir.join("file"), "ours");
  expect(readFileSync(dir.join("elsewhere"), "utf8")).toBe("theirs");
  expect((lstatSync(dir.join("file")).mode & 0o777).toString(8)).toBe("600");
  expect(readFileSync(dir.join("file"), "utf8")).toBe("ours");
});
