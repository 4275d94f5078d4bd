import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { StartNote } from "../../../src/app/native/start-note.ts";
import { IdList } from "../../../src/lib/id-list.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";

const HOUR_MS = 3_600_000;
const START_MS = 1_790_000_000_000;
const RUN = { job: "test", run: "7" };

test("what was used from an hour before the first start of a run on counts as used by it", () => {
  using dir = tempDir("note");
  const note = () => new StartNote(dir.path, "/cache", RUN);
  note().begin(START_MS);
  note().begin(START_MS + HOUR_MS);
  const now = START_MS + 5 * HOUR_MS;
  expect([note().usedSinceMs(now), note().startMs(now)]).toEqual([START_MS - HOUR_MS, START_MS]);
});

test.each([
  ["another run", "/cache", { ...RUN, run: "8" }],
  ["another job", "/cache", { ...RUN, job: "lint" }],
  ["another directory", "/other", RUN],
])("the start of %s does not count; then it is what was used within the last hour", (_, path, run) => {
  using dir = tempDir("note");
  new StartNote(dir.path, "/cache", RUN).begin(START_MS);
  const now = START_MS + 24 * HOUR_MS;
  expect(new StartNote(dir.path, path, run).usedSinceMs(now)).toBe(now - 2 * HOUR_MS);
});

test("a damaged note is none, and a directory that can't be written has none", () => {
  using dir = tempDir("note");
  const note = new StartNote(dir.path, "/cache", RUN);
  note.begin(START_MS);
  for (const name of filesBelow(dir.path)) writeFileSync(dir.join(name), "{");
  expect(note.usedSinceMs(START_MS)).toBe(START_MS - 2 * HOUR_MS);
  const nowhere = new StartNote("/dev/null/none", "/cache", RUN);
  nowhere.begin(START_MS);
  expect(nowhere.usedSinceMs(START_MS)).toBe(START_MS - 2 * HOUR_MS);
});

test("what lay there before is known for the run that noted it, and for no other", () => {
  using dir = tempDir("note");
  const ids = [sha256Hex("a"), sha256Hex("b")];
  const before = new IdList();
  for (const id of ids) before.push(id);
  const note = new StartNote(dir.path, "/cache", RUN);
  expect(note.before()).toBeUndefined();
  note.noteBefore(before);
  note.begin(START_MS);
  expect([...(note.before() ?? [])]).toEqual(ids);
  expect(new StartNote(dir.path, "/cache", { ...RUN, run: "8" }).before()).toBeUndefined();
});
