import { expect, spyOn, test } from "bun:test";
import * as fs from "node:fs";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { TempFile } from "../../../src/store/local/temp-file.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { noise } from "../../support/seed.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("commit makes it visible and replaces the old file with a new inode", () => {
  using dir = tempDir("temp-file");
  writeFileSync(dir.join("target"), "old");
  const before = statSync(dir.join("target")).ino;
  const file = new TempFile(dir.join("temp"));
  file.write(Buffer.from("he"));
  file.write(Buffer.from("llo"));
  expect([readFileSync(dir.join("target"), "utf8"), file.sizeBytes]).toEqual(["old", 5]);
  file.commit(dir.join("target"));
  expect([readFileSync(dir.join("target"), "utf8"), existsSync(file.path)]).toEqual(["hello", false]);
  expect(statSync(dir.join("target")).ino).not.toBe(before);
});

test("writes from another thread keep their order", async () => {
  using dir = tempDir("temp-file");
  const file = new TempFile(dir.join("temp"));
  const large = noise(1 << 20);
  file.write(Buffer.from("before "));
  await file.writeAside(large);
  file.write(Buffer.from(" behind"));
  expect(file.sizeBytes).toBe(large.length + 14);
  file.commit(dir.join("target"));
  const whole = Buffer.concat([Buffer.from("before "), large, Buffer.from(" behind")]);
  expect(readFileSync(dir.join("target")).equals(whole)).toBe(true);
  await expect(file.writeAside(large)).rejects.toThrow("is closed already");
});

testOnPosix("is readable for all users, whatever the umask", () => {
  using dir = tempDir("temp-file");
  const umask = process.umask(0o077);
  try {
    new TempFile(dir.join("temp")).commit(dir.join("target"));
  } finally {
    process.umask(umask);
  }
  expect((statSync(dir.join("target")).mode & 0o777).toString(8)).toBe("644");
});

test("commit sets the mtime if given", () => {
  using dir = tempDir("temp-file");
  new TempFile(dir.join("temp")).commit(dir.join("target"), 1_700_000_000_123);
  expect(statSync(dir.join("target")).mtimeMs).toBeCloseTo(1_700_000_000_123, 0);
});

test("discard removes the file, and has no effect after commit or twice", () => {
  using dir = tempDir("temp-file");
  const discarded = new TempFile(dir.join("discarded"));
  discarded.write(Buffer.from("x"));
  discarded.discard();
  discarded.discard();
  const committed = new TempFile(dir.join("temp"));
  committed.commit(dir.join("target"));
  committed.discard();
  expect([existsSync(discarded.path), existsSync(dir.join("target"))]).toEqual([false, true]);
});

test("rejects an existing file", () => {
  using dir = tempDir("temp-file");
  writeFileSync(dir.join("temp"), "somebody's");
  expect(() => new TempFile(dir.join("temp"))).toThrow("EEXIST");
  expect(readFileSync(dir.join("temp"), "utf8")).toBe("somebody's");
});

test("leaves no file if its mode can't be set, as on some mounts", () => {
  using dir = tempDir("temp-file");
  const refusal = spyOn(fs, "fchmodSync").mockImplementation(() => {
    throw new Error("EPERM");
  });
  try {
    expect(() => new TempFile(dir.join("temp"))).toThrow("EPERM");
  } finally {
    refusal.mockRestore();
  }
  expect(readdirSync(dir.path)).toEqual([]);
});

test("rejects writes after close", () => {
  using dir = tempDir("temp-file");
  const file = new TempFile(dir.join("temp"));
  file.commit(dir.join("target"));
  expect(() => file.write(Buffer.from("x"))).toThrow("is closed already");
});

test.each([0, 1, 1 << 20, (1 << 20) + 1])("copies what was written, %p bytes", (length) => {
  using dir = tempDir("temp-file");
  const [from, to] = [new TempFile(dir.join("from")), new TempFile(dir.join("to"))];
  const bytes = Buffer.alloc(length, "go");
  from.write(bytes);
  to.write(Buffer.from("start"));
  from.copyTo(to);
  expect(readFileSync(to.path).equals(Buffer.concat([Buffer.from("start"), bytes]))).toBe(true);
});

test("refuses to copy a truncated file", () => {
  using dir = tempDir("temp-file");
  const [from, to] = [new TempFile(dir.join("from")), new TempFile(dir.join("to"))];
  from.write(Buffer.from("hello"));
  writeFileSync(from.path, "he");
  expect(() => from.copyTo(to)).toThrow("is shorter than what was written to it");
});

testOnLinux("a failed write throws and does not change the size", async () => {
  using disk = new FullDisk(64 * 1024);
  const file = new TempFile(disk.join("temp"));
  file.write(Buffer.alloc(40_000, "a"));
  expect(() => file.write(Buffer.alloc(1_000_000, "b"))).toThrow("ENOSPC");
  await expect(file.writeAside(Buffer.alloc(1_000_000, "b"))).rejects.toThrow("ENOSPC");
  using dir = tempDir("temp-file");
  const other = new TempFile(dir.join("other"));
  file.copyTo(other);
  expect([file.sizeBytes, readFileSync(other.path, "latin1")]).toEqual([40_000, "a".repeat(40_000)]);
});
