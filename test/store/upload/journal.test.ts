import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { pidSpace } from "../../../src/lib/process/process-life.ts";
import { Journal, type JournalFormat, readJournal } from "../../../src/store/upload/journal.ts";
import { age, HOUR_MS } from "../../buildcache/local-fixture.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** Higher than any process id. */
const DEAD_PID = 999_999_999;
const DAY_MS = 24 * HOUR_MS;

const LINES: JournalFormat<object, string> = {
  parseHead: () => ({}),
  format: (line) => line,
  parse: (line) => line,
};

const readLines = (path: string) => readJournal(path, LINES);

function journalIn(dir: Pick<TempDir, "join">, format = LINES) {
  return new Journal({ dir: dir.join("journal"), head: {}, format });
}

/** The head of a journal written in this container or in another. */
const headOf = (space = pidSpace()) => JSON.stringify({ pidSpace: space });

const names = (dir: Pick<TempDir, "join">) => readdirSync(dir.join("journal"));

/** The path of the only journal. */
function pathIn(dir: TempDir): string {
  expect(names(dir)).toHaveLength(1);
  return dir.join("journal", names(dir)[0] ?? "");
}

/** Simulates the death of its writer. */
function die(dir: TempDir, begunMs = Date.now()): void {
  const dead = `${DEAD_PID}-${begunMs.toString(36)}-${names(dir).length}`;
  renameSync(pathIn(dir), dir.join("journal", dead));
}

test("after its journal was adopted, a writer begins another one with what it notes from then on", () => {
  using dir = tempDir("lines");
  const [suspended, adopter] = [journalIn(dir), journalIn(dir)];
  suspended.append(["a"]);
  age(pathIn(dir), 61_000);
  expect(adopter.adopt()).toEqual(["a"]);
  adopter.discard();
  suspended.append(["b", "c"]);
  suspended.append(["d"]);
  suspended.stopHeartbeat();
  die(dir);
  expect(journalIn(dir).adopt()).toEqual(["b", "c", "d"]);
});

test("after its journal and directory were removed, a writer begins another one", () => {
  using dir = tempDir("lines");
  const journal = journalIn(dir);
  journal.append(["a"]);
  rmSync(dir.join("journal"), { recursive: true });
  journal.append(["b"]);
  expect(readLines(pathIn(dir))?.entries).toEqual(["b"]);
  journal.discard();
  expect(names(dir)).toEqual([]);
  journal.append(["c"]);
  expect(readLines(pathIn(dir))?.entries).toEqual(["c"]);
  journal.discard();
});

test("a line appended during the adoption is adopted, too", () => {
  using dir = tempDir("lines");
  const writer = journalIn(dir);
  writer.append(["a"]);
  die(dir);
  let reads = 0;
  const adopter = journalIn(dir, {
    ...LINES,
    parseHead() {
      if (++reads === 1) appendFileSync(pathIn(dir), "b\n");
      return {};
    },
  });
  expect(adopter.adopt()).toEqual(["a", "b"]);
  for (const journal of [writer, adopter]) journal.discard();
});

test("lines that can't be uploaded are adopted for a week, by any number of processes", () => {
  using dir = tempDir("lines");
  const first = journalIn(dir);
  first.append(["a"]);
  first.stopHeartbeat();
  die(dir, Date.now() - 7 * DAY_MS + HOUR_MS);
  for (let n = 0; n < 3; n++) {
    const adopter = journalIn(dir);
    expect(adopter.adopt()).toEqual(["a"]);
    adopter.handOver();
  }
  const [name = ""] = names(dir);
  const [left, pid, begun = "", random] = name.split("-");
  const older = (Number.parseInt(begun, 36) - 2 * HOUR_MS).toString(36);
  renameSync(dir.join("journal", name), dir.join("journal", [left, pid, older, random].join("-")));
  expect([journalIn(dir).adopt(), names(dir)]).toEqual([[], []]);
});

test("lines handed over by a process in another container are adopted at once", () => {
  using dir = tempDir("lines");
  const silent = `7-${Date.now().toString(36)}-y`;
  mkdirSync(dir.join("journal"));
  writeFileSync(dir.join("journal", `left-7-${Date.now().toString(36)}-x`), `${headOf("elsewhere")}\na\n`);
  writeFileSync(dir.join("journal", silent), `${headOf("elsewhere")}\nb\n`);
  const begun = journalIn(dir);
  expect(begun.adopt()).toEqual(["a"]);
  age(dir.join("journal", silent), 61_000);
  expect(begun.adopt()).toEqual(["b"]);
  begun.discard();
});

test("journals of earlier versions without a begin time are adopted", () => {
  using dir = tempDir("lines");
  mkdirSync(dir.join("journal"));
  writeFileSync(dir.join("journal", `${DEAD_PID}-x`), `${headOf()}\na\n`);
  writeFileSync(dir.join("journal", `left-${process.pid}-y`), `${headOf()}\nb\n`);
  const journal = journalIn(dir);
  expect(new Set(journal.adopt())).toEqual(new Set(["a", "b"]));
  journal.discard();
  expect(names(dir)).toEqual([]);
});

testOnLinux("a line cut off by a full disk does not damage later lines", () => {
  using disk = new FullDisk(16 << 10);
  const journal = journalIn(disk);
  journal.append(["a"]);
  writeFileSync(disk.join("rest"), "");
  expect(() => writeFileSync(disk.join("rest"), Buffer.alloc(32 << 10))).toThrow("ENOSPC");
  journal.append(["x".repeat(8 << 10)]);
  rmSync(disk.join("rest"));
  for (const line of ["b", "c"]) journal.append([line]);
  journal.stopHeartbeat();
  const lines = names(disk).flatMap((name) => readLines(disk.join("journal", name))?.entries ?? []);
  for (const line of ["a", "b", "c"]) expect(lines).toContain(line);
  journal.discard();
  expect(names(disk)).toEqual([]);
});

/** Lines of 150 bytes. */
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => String(from + n).padStart(149, "0"));

test("very many lines are spread over files of four megabytes, which others adopt a few at a time", () => {
  using dir = tempDir("lines");
  const writer = journalIn(dir);
  const lines = numbered(0, 150_000);
  for (let from = 0; from < lines.length; from += 50_000) writer.append(lines.slice(from, from + 50_000));
  const sizes = names(dir).map((name) => statSync(dir.join("journal", name)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4 << 20);
  writer.handOver();
  const adopted: string[] = [];
  for (let some = [""]; some.length > 0; ) {
    const adopter = journalIn(dir);
    some = adopter.adopt();
    expect(some.length * 150).toBeLessThan(16 << 20);
    for (const line of some) adopted.push(line);
    adopter.discard();
  }
  expect(new Set(adopted)).toEqual(new Set(lines));
});

test("while nothing can be written, a bounded part of the lines is kept for when it can", () => {
  using dir = tempDir("lines");
  writeFileSync(dir.join("journal"), "");
  const journal = journalIn(dir);
  for (const line of numbered(0, 30_000)) journal.append([line]);
  rmSync(dir.join("journal"));
  for (const line of numbered(30_000, 5_000)) journal.append([line]);
  const found = readLines(pathIn(dir))?.entries.map(Number) ?? [];
  const kept = found.filter((n) => n < 30_000);
  expect(kept.slice(0, 3)).toEqual([0, 1, 2]);
  expect(kept.length).toBeGreaterThan(10_000);
  expect(kept.length * 150).toBeLessThanOrEqual(2 << 20);
  expect(found.at(-1)).toBe(34_999);
  journal.discard();
});
