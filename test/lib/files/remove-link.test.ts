import { expect } from "bun:test";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { removeLink } from "../../../src/lib/files/remove-link.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

testOnPosix("removes a link and leaves what it leads to, and everything else", () => {
  using dir = tempDir("link");
  mkdirSync(dir.join("real"));
  symlinkSync(dir.join("real"), dir.join("link"));
  expect(["link", "real", "none"].map((name) => removeLink(dir.join(name)))).toEqual([false, false, false]);
  expect(["link", "real"].map((name) => existsSync(dir.join(name)))).toEqual([false, true]);
});

testOnLinux("says so where a link stays", () => {
  using dir = tempDir("link");
  mkdirSync(dir.join("closed"));
  symlinkSync("/tmp", dir.join("closed", "link"));
  using _closed = immutable(dir.join("closed"));
  expect(removeLink(dir.join("closed", "link"))).toBe(true);
});
