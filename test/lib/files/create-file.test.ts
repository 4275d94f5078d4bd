import { expect } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createFile } from "../../../src/lib/files/create-file.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

testOnPosix("creates the file and its directory, for its owner's eyes only, and never twice", () => {
  using dir = tempDir("create");
  const path = dir.join("a", "file");
  createFile(path, "first");
  expect(() => createFile(path, "second")).toThrow("EEXIST");
  expect([readFileSync(path, "utf8"), readdirSync(dir.join("a"))]).toEqual(["first", ["file"]]);
  expect((lstatSync(path).mode & 0o777).toString(8)).toBe("600");
});

testOnPosix("follows no link, and leaves nothing behind where no file can be", () => {
  using dir = tempDir("create");
  writeFileSync(dir.join("elsewhere"), "theirs");
  symlinkSync(dir.join("elsewhere"), dir.join("link"));
  mkdirSync(dir.join("taken"));
  for (const name of ["link", "taken"]) expect(() => createFile(dir.join(name), "ours")).toThrow("EEXIST");
  expect(() => createFile(dir.join("elsewhere", "file"), "ours")).toThrow();
  expect(readFileSync(dir.join("elsewhere"), "utf8")).toBe("theirs");
  expect(readdirSync(dir.path).sort()).toEqual(["elsewhere", "link", "taken"]);
});
