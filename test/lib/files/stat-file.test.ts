import { expect } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { statFile } from "../../../src/lib/files/stat-file.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

testOnPosix("knows the size of a file, through a link as well", () => {
  using dir = tempDir("stat-file");
  writeFileSync(dir.join("file"), "hello");
  symlinkSync("file", dir.join("link"));
  expect([statFile(dir.join("file"))?.size, statFile(dir.join("link"))?.size]).toEqual([5, 5]);
});

testOnPosix("knows nothing of what is no file, and never throws", () => {
  using dir = tempDir("stat-file");
  writeFileSync(dir.join("file"), "hello");
  mkdirSync(dir.join("directory"));
  symlinkSync("loop", dir.join("loop"));
  symlinkSync("none", dir.join("dangling"));
  const names = ["none", "directory", "loop", "loop/below", "dangling", "file/below", "x".repeat(5_000)];
  expect(names.map((name) => statFile(dir.join(name)))).toEqual(names.map(() => undefined));
});
