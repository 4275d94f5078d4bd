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
  appendFileSync(path, "an old line\n".repeat(200_000));
  file.measured([[B, 2]]);
  expect(statSync(path).size).toBeLessThan(2 << 20);
  expect([A, B].map(file.current())).toEqual([undefined, 2]);
});

/** The times of that many actions, from a number on. */
function* timesFrom(first: number, count: number): Generator<[string, number]> {
  for (let n = first; n < first + count; n++) yield [n.toString(16).padStart(13, "0").padEnd(64, "0"), n];
}

function known(file: CompileTimesFile, first: number, count: number): number {
  const timeOf = file.current();
  return [...timesFrom(first, count)].filter(([id, ms]) => timeOf(id) === ms).length;
}

test("of very many times it learns as many as it keeps, and then a few at a time, into a file that stays", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  const stat = () => statSync(dir.join("state", "compile-times"));
  file.learn(timesFrom(0, 200_000));
  const first = stat();
  expect(known(file, 0, 200_000)).toBe(50_000);
  file.learn(timesFrom(0, 200_000));
  const second = stat();
  expect([second.ino, known(file, 50_000, 150_000)]).toEqual([first.ino, 500]);
  expect(second.size - first.size).toBeLessThan(500 * 30);
  expect(known(new CompileTimesFile(dir.path), 0, 200_000)).toBe(50_000);
});

test("what is measured replaces the oldest times", () => {
  using dir = tempDir("compile-times");
  const file = new CompileTimesFile(dir.path);
  file.learn(timesFrom(0, 50_000));
  file.measured([...timesFrom(60_000, 1_000)]);
  expect([known(file, 0, 50_000), known(file, 60_000, 1_000)]).toEqual([49_000, 1_000]);
});
