import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a file's path has the first two characters of its name as a directory", () => {
  const dir = new LocalDir("/cache", "/go/link");
  expect([dir.path("action", "abcd"), dir.shownPath("output", "abcd"), dir.path("output", "ab")]).toEqual([
    "/cache/action/ab/abcd",
    "/go/link/output/ab/abcd",
    "/cache/output/ab/ab",
  ]);
});

test("the root shown to go is kept byte by byte", () => {
  expect(new LocalDir("/b", "/a/../b//c").shownPath("output", "abcd")).toBe("/a/../b//c/output/ab/abcd");
});

test("creates only the directories that it needs", () => {
  using dir = tempDir("local-dir");
  const local = new LocalDir(dir.join("deep", "cache"));
  const file = local.createTemp();
  file.write(Buffer.from("x"));
  local.publish(file, "output", "abcd");
  expect(filesBelow(dir.path)).toEqual(["deep/cache/output/ab/abcd"]);
});

test("temporary files are outside the caches and have unique names", () => {
  using dir = tempDir("local-dir");
  const dirs = [new LocalDir(dir.path), new LocalDir(dir.path)];
  const files = dirs.flatMap((local) => [local.createTemp(), local.createTemp()]);
  expect(files.map((file) => dirname(file.path))).toEqual(files.map(() => dir.join("tmp")));
  expect(filesBelow(dir.path)).toHaveLength(4);
});

test("publish replaces a file and sets the given time", () => {
  using dir = tempDir("local-dir");
  const local = new LocalDir(dir.path);
  for (const text of ["old", "new"]) {
    const file = local.createTemp();
    file.write(Buffer.from(text));
    local.publish(file, "output", "abcd", 1_700_000_000_000);
  }
  expect(readFileSync(local.path("output", "abcd"), "utf8")).toBe("new");
  expect(filesBelow(dir.path)).toEqual(["output/ab/abcd"]);
});

testOnPosix("a file that can't be published remains", () => {
  using dir = tempDir("local-dir");
  const local = new LocalDir(dir.path);
  mkdirSync(local.path("output", "abcd"), { recursive: true });
  const file = local.createTemp();
  expect(() => local.publish(file, "output", "abcd")).toThrow("EISDIR");
  expect(existsSync(file.path)).toBe(true);
});

test("moves a file aside, even before the first write", () => {
  using dir = tempDir("local-dir");
  mkdirSync(dir.join("output", "ab"), { recursive: true });
  writeFileSync(dir.join("output", "ab", "abcd"), "x");
  const local = new LocalDir(dir.path);
  const aside = local.moveAside("output", "abcd");
  expect(filesBelow(dir.path).map((name) => dir.join(name))).toEqual([aside]);
  expect(() => local.moveAside("output", "abcd")).toThrow("ENOENT");
});

testOnLinux("throws below a regular file and in a read-only directory", () => {
  using dir = tempDir("local-dir");
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("closed"));
  using _closed = immutable(dir.join("closed"));
  expect(() => new LocalDir(dir.join("file", "cache")).createTemp()).toThrow("ENOTDIR");
  expect(() => new LocalDir(dir.join("closed")).createTemp()).toThrow(/EPERM|EACCES/);
});

testOnPosix(
  "a removed root is created again, private to its user, and no directory below is writable by others",
  () => {
    using dir = tempDir("local-dir");
    const root = dir.join("parent", "cache");
    const local = new LocalDir(root);
    const modes = () =>
      ["", "tmp", "output", "output/ab"].map((name) =>
        (statSync(`${root}/${name}`).mode & 0o777).toString(8),
      );
    const umask = process.umask(0);
    try {
      local.publish(local.createTemp(), "output", "abcd");
      expect(modes()).toEqual(["700", "755", "755", "755"]);
      rmSync(dir.join("parent"), { recursive: true });
      mkdirSync(root, { recursive: true, mode: 0o755 });
      local.publish(local.createTemp(), "output", "abcd");
      expect(modes()).toEqual(["755", "755", "755", "755"]);
    } finally {
      process.umask(umask);
    }
  },
);
