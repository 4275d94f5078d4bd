import { expect, test } from "bun:test";
import { symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { readSmallFile } from "../../../src/lib/files/small-file.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("reads a file that is as large as it may be", () => {
  using dir = tempDir("small");
  for (const text of ["", "hello"]) {
    writeFileSync(dir.join("file"), text);
    expect(readSmallFile(dir.join("file"), 5).toString()).toBe(text);
  }
});

test("refuses a larger one before it is read", () => {
  using dir = tempDir("small");
  writeFileSync(dir.join("file"), "");
  truncateSync(dir.join("file"), 2 ** 40);
  expect(() => readSmallFile(dir.join("file"))).toThrow("is larger than 1048576 bytes");
});

testOnPosix("follows no link, waits for no pipe, and reads no directory", () => {
  using dir = tempDir("small");
  writeFileSync(dir.join("file"), "hello");
  symlinkSync(dir.join("file"), dir.join("link"));
  Bun.spawnSync(["mkfifo", dir.join("pipe")]);
  expect(() => readSmallFile(dir.join("link"))).toThrow("ELOOP");
  expect(() => readSmallFile(dir.join("pipe"))).toThrow("is not a regular file");
  expect(() => readSmallFile(dir.path)).toThrow();
  expect(() => readSmallFile(dir.join("none"))).toThrow("ENOENT");
});
