import { expect } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { makePrivateDir } from "../../../src/lib/files/private-dir.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

function withUmask(umask: number, action: () => void): void {
  const before = process.umask(umask);
  try {
    action();
  } finally {
    process.umask(before);
  }
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

testOnPosix.each([0, 0o022])("with umask %o every directory that is made is for its user alone", (umask) => {
  using dir = tempDir("private-dir");
  withUmask(umask, () => makePrivateDir(dir.join("a", "b", "c")));
  expect(["a", "a/b", "a/b/c"].map((name) => modeOf(dir.join(name)))).toEqual(["700", "700", "700"]);
});

testOnPosix("a directory that is there stays as open as it is", () => {
  using dir = tempDir("private-dir");
  withUmask(0, () => mkdirSync(dir.join("open"), { mode: 0o755 }));
  makePrivateDir(dir.join("open"));
  expect(modeOf(dir.join("open"))).toBe("755");
});
