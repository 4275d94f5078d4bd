/** Outputs on a disk that fails at the beginning, in the middle or at the end. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { filesBelow } from "../support/file-tree.ts";
import { FullDisk, immutable } from "../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../support/platform.ts";
import { tempDir } from "../support/temp-dir.ts";
import { HELLO, openLocal, putOutput, TestFallback } from "./local-fixture.ts";

test("below a regular file: the output goes to the fallback", () => {
  using dir = tempDir("output");
  writeFileSync(dir.join("file"), "");
  const { local, writeErrors } = openLocal(dir.join("file", "cache"), {
    fallback: new TestFallback(dir.join("fallback")),
  });
  const path = putOutput(local, HELLO, "hello");
  expect(path).toBe(dir.join("fallback", "output", "2c", HELLO));
  expect(writeErrors).toEqual(["ENOTDIR"]);
  expect(filesBelow(dir.path)).toEqual([`fallback/output/2c/${HELLO}`, "file"]);
});

testOnLinux("a read-only directory: the output goes to the fallback", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache"));
  using _closed = immutable(dir.join("cache"));
  const { local, writeErrors } = openLocal(dir.join("cache"), {
    fallback: new TestFallback(dir.join("fallback")),
  });
  expect(readFileSync(putOutput(local, HELLO, "hello"), "utf8")).toBe("hello");
  expect(writeErrors).toEqual(["EPERM"]);
});

testOnLinux("a disk that fills up in the middle: the written part moves to the fallback, too", () => {
  using dir = tempDir("output");
  using disk = new FullDisk(256 * 1024);
  const { local, writeErrors } = openLocal(disk.join("cache"), {
    fallback: new TestFallback(dir.join("fallback")),
  });
  const output = local.createOutput(HELLO);
  const pieces = ["a", "b", "c", "d"].map((letter) => Buffer.alloc(100_000, letter));
  for (const piece of pieces) output.write(piece);
  const path = output.commit();
  expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
  expect(path).toStartWith(dir.path);
  expect({ writeErrors, left: filesBelow(disk.path) }).toEqual({ writeErrors: ["ENOSPC"], left: [] });
});

testOnLinux("a failed rename: the output goes to the fallback", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache", "output"), { recursive: true });
  using _closed = immutable(dir.join("cache", "output"));
  const { local, writeErrors } = openLocal(dir.join("cache"), {
    fallback: new TestFallback(dir.join("fallback")),
  });
  expect(readFileSync(putOutput(local, HELLO, "hello"), "utf8")).toBe("hello");
  expect(writeErrors).toEqual(["EPERM"]);
  expect(filesBelow(dir.path)).toEqual([`fallback/output/2c/${HELLO}`]);
});

testOnLinux("a disk that becomes read-only in the middle: a leftover temporary file does not matter", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache", "tmp"), { recursive: true });
  const { local } = openLocal(dir.join("cache"), { fallback: new TestFallback(dir.join("fallback")) });
  const output = local.createOutput(HELLO);
  output.write(Buffer.from("hello"));
  using _closed = immutable(dir.join("cache", "tmp"));
  expect(readFileSync(output.commit(), "utf8")).toBe("hello");
});

testOnLinux("a disk that becomes read-only: discarding a put does not throw", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache", "tmp"), { recursive: true });
  const output = openLocal(dir.join("cache")).local.createOutput(HELLO);
  output.write(Buffer.from("hello"));
  using _closed = immutable(dir.join("cache", "tmp"));
  output.discard();
  output.discard();
});

test("a directory in place of the output: the output goes to the fallback", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache", "output", "2c", HELLO), { recursive: true });
  const { local } = openLocal(dir.join("cache"), { fallback: new TestFallback(dir.join("fallback")) });
  expect(readFileSync(putOutput(local, HELLO, "hello"), "utf8")).toBe("hello");
});

testOnLinux("without a writable directory it throws, and discard leaves no file", () => {
  using disk = new FullDisk(64 * 1024);
  const { local, writeErrors } = openLocal(disk.join("cache"));
  const output = local.createOutput(HELLO);
  output.write(Buffer.alloc(40_000));
  expect(() => output.write(Buffer.alloc(100_000))).toThrow("ENOSPC");
  output.discard();
  expect({ writeErrors, left: filesBelow(disk.path) }).toEqual({ writeErrors: ["ENOSPC"], left: [] });
});

testOnLinux("if the fallback is full, too, it throws and leaves no file in either directory", () => {
  using disk = new FullDisk(64 * 1024);
  using other = new FullDisk(64 * 1024);
  const { local } = openLocal(disk.join("cache"), { fallback: new TestFallback(other.join("fallback")) });
  const output = local.createOutput(HELLO);
  output.write(Buffer.alloc(40_000));
  expect(() => output.write(Buffer.alloc(100_000))).toThrow("ENOSPC");
  output.discard();
  expect([...filesBelow(disk.path), ...filesBelow(other.path)]).toEqual([]);
});

testOnLinux(
  "if the fallback is too small for the written part, it throws and leaves no file in either directory",
  () => {
    using disk = new FullDisk(128 * 1024);
    using other = new FullDisk(16 * 1024);
    const { local } = openLocal(disk.join("cache"), { fallback: new TestFallback(other.join("fallback")) });
    const output = local.createOutput(HELLO);
    output.write(Buffer.alloc(100_000));
    expect(() => output.write(Buffer.alloc(100_000))).toThrow("ENOSPC");
    output.discard();
    expect([...filesBelow(disk.path), ...filesBelow(other.path)]).toEqual([]);
  },
);

testOnPosix.each([
  ["7f454c4602", 0o755],
  ["cffaedfe07", 0o755],
  ["feedface00", 0o755],
  ["cafebabe00", 0o755],
  ["4d5a9000", 0o755],
  ["213c617263683e0a", 0o644],
  ["7f45", 0o644],
  ["", 0o644],
])("an output that begins with %s has the mode of a program or of a plain file", (hex, mode) => {
  using dir = tempDir("output");
  const { local } = openLocal(dir.path);
  const output = local.createOutput(HELLO);
  for (const byte of Buffer.from(hex, "hex")) output.write(Buffer.of(byte));
  expect(statSync(output.commit()).mode & 0o777).toBe(mode);
});

testOnLinux("a program that moves to the fallback is executable there", () => {
  using dir = tempDir("output");
  mkdirSync(dir.join("cache", "output"), { recursive: true });
  using _closed = immutable(dir.join("cache", "output"));
  const { local } = openLocal(dir.join("cache"), { fallback: new TestFallback(dir.join("fallback")) });
  const path = putOutput(local, HELLO, Buffer.from("7f454c46020101", "hex"));
  expect([path.startsWith(dir.join("fallback")), statSync(path).mode & 0o777]).toEqual([true, 0o755]);
});
