import { expect, test } from "bun:test";
import { appendFileSync, statSync, writeFileSync } from "node:fs";
import { CompileTimesFile } from "../../../src/app/summary/compile-times-file.ts";
import { sha256Hex as idOf } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";

const [A, B] = [idOf("a"), idOf("b")];

test("knows what was measured, in whole milliseconds, and so does the next process", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  file.measured([[A, 12.9]]);
  for (const each of [file, new CompileTimesFile(dir.path)])
    expect([A, B].map(each.current())).toEqual([12, undefined]);
});

test("finds what another process appends, also after a look", () => {
  using dir = tempDir("compile-times");
  const [one, other] = [new CompileTimesFile(dir.path), new CompileTimesFile(dir.path)];
  one.measured([[A, 1]]);
  expect(other.current()(A)).toBe(1);
  one.measured([[B, 2]]);
  expect(other.current()(B)).toBe(2);
});

test("learns what it does not know, and measures again what it knows", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  file.learn([[A, 5]]);
  file.learn([
    [A, 900],
    [B, 7],
  ]);
  expect([A, B].map(new CompileTimesFile(dir.path).current())).toEqual([5, 7]);
  file.measured([[A, 6]]);
  expect(new CompileTimesFile(dir.path).current()(A)).toBe(6);
});

test("a line that was cut off, or is nonsense, costs that line only", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  file.measured([[A, 1]]);
  appendFileSync(dir.join("state", "compile-times"), `${B.slice(0, 16)} x\n${B.slice(0, 9)}`);
  file.measured([[B, 2]]);
  expect([A, B].map(new CompileTimesFile(dir.path).current())).toEqual([1, 2]);
});

test("a directory that can't be written loses nothing of this process", () => {
  using dir = tempDir("compile-times");
  writeFileSync(dir.join("file"), "");
  const file = new CompileTimesFile(dir.join("file"));
  file.measured([[A, 3]]);
  expect(file.current()(A)).toBe(3);
});

test("takes a bounded room, and keeps the newest", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  const path = dir.join("state", "compile-times");
  file.measured([[A, 1]]);
  appendFileSync(path, "an old line\n".repeat(350_000));
  file.measured([[B, 2]]);
  expect(statSync(path).size).toBeLessThan(4 << 20);
  expect([A, B].map(file.current())).toEqual([undefined, 2]);
});
