import { expect, test } from "bun:test";
import {
  appendFileSync,
  lstatSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { appendLines, readJsonLines } from "../../../src/lib/files/line-file.ts";
import { isCount, shape } from "../../../src/lib/shape.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const isRow = shape({ n: isCount });

test("lines that were appended are read in that order", () => {
  using dir = tempDir("lines");
  const path = dir.join("state", "rows.jsonl");
  appendLines(path, ['{"n":1}', '{"n":2}']);
  appendLines(path, ['{"n":3}']);
  expect(readJsonLines(path, isRow)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test("a line that was cut off, or has another shape, does not spoil the others", () => {
  using dir = tempDir("lines");
  appendLines(dir.join("rows"), ['{"n":1}']);
  appendFileSync(dir.join("rows"), '{"n":-1}\n5\n{"n":');
  appendLines(dir.join("rows"), ['{"n":2}']);
  expect(readJsonLines(dir.join("rows"), isRow)).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a file above the limit loses its older half, whatever bytes are in it", () => {
  using dir = tempDir("lines");
  writeFileSync(
    dir.join("rows"),
    Buffer.from(`${"x".repeat(99)}\n`.repeat(10) + "\xff\n".repeat(10), "latin1"),
  );
  appendLines(dir.join("rows"), ['{"n":1}'], 1_000);
  const left = readFileSync(dir.join("rows"), "latin1");
  expect(left).toBe(`${"\xff\n".repeat(8)}\n{"n":1}\n`);
  expect(statSync(dir.join("rows")).size).toBe(left.length);
});

test("a file that can't be read has no lines", () => {
  using dir = tempDir("lines");
  expect(["none", "."].map((name) => readJsonLines(dir.join(name), isRow))).toEqual([[], []]);
});

testOnPosix("a file of lines and its directory are for its user alone", () => {
  using dir = tempDir("lines");
  const before = process.umask(0);
  appendLines(dir.join("state", "rows"), ['{"n":1}']);
  process.umask(before);
  const modes = ["state", "state/rows"].map((name) => (statSync(dir.join(name)).mode & 0o777).toString(8));
  expect(modes).toEqual(["700", "600"]);
});

testOnPosix("a link is replaced by a file, and what it leads to stays as it is", () => {
  using dir = tempDir("lines");
  writeFileSync(dir.join("victim"), '{"n":9}\n');
  symlinkSync(dir.join("victim"), dir.join("rows"));
  expect(readJsonLines(dir.join("rows"), isRow)).toEqual([]);
  appendLines(dir.join("rows"), ['{"n":1}']);
  expect(readFileSync(dir.join("victim"), "utf8")).toBe('{"n":9}\n');
  expect([lstatSync(dir.join("rows")).isFile(), readJsonLines(dir.join("rows"), isRow)]).toEqual([
    true,
    [{ n: 1 }],
  ]);
});

testOnPosix("a pipe has no lines and takes none, and nobody waits for its other end", () => {
  using dir = tempDir("lines");
  Bun.spawnSync(["mkfifo", dir.join("rows")]);
  expect(readJsonLines(dir.join("rows"), isRow)).toEqual([]);
  expect(() => appendLines(dir.join("rows"), ['{"n":1}'])).toThrow();
});

test("a file of gigabytes has no lines, and begins again with the next ones", () => {
  using dir = tempDir("lines");
  writeFileSync(dir.join("rows"), "");
  truncateSync(dir.join("rows"), 3 * 2 ** 30);
  expect(readJsonLines(dir.join("rows"), isRow)).toEqual([]);
  appendLines(dir.join("rows"), ['{"n":1}'], 1_000);
  expect(readFileSync(dir.join("rows"), "utf8")).toBe('\n{"n":1}\n');
});
