import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { appendLines, readJsonLines } from "../../../src/lib/files/line-file.ts";
import { isCount, shape } from "../../../src/lib/shape.ts";
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
