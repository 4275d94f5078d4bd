import { expect, test } from "bun:test";
import { CandidateList, readCandidates } from "../../../../src/remote/packed/bucket/gc-candidates.ts";
import { PackedBucket } from "../../../../src/remote/packed/bucket/packed-bucket.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { HOUR_MS, StockedBucket } from "../stocked-bucket.ts";

const NOW = 1_800_000_000_000;
const OLD = { id: sha256Hex("old"), sizeBytes: 1, modifiedMs: NOW - 100 * HOUR_MS };

test.each([
  [47.9, 100, false],
  [48, 100, true],
  [100, 48, true],
  [100, 47.9, false],
  [100, -1, false],
])("seen unnamed %p hours ago and written %p hours ago: it may go: %p", (seenHours, writtenHours, mayGo) => {
  const list = new CandidateList(new Map([[OLD.id, NOW - seenHours * HOUR_MS]]));
  expect(list.note({ ...OLD, modifiedMs: NOW - writtenHours * HOUR_MS }, NOW)).toBe(mayGo);
});

test("what is seen for the first time may not go", () => {
  expect(new CandidateList(new Map()).note(OLD, NOW)).toBe(false);
});

test("is written and read again, times kept, packs that are gone left out", async () => {
  using bucket = new StockedBucket();
  const packed = new PackedBucket(bucket);
  const list = new CandidateList(
    new Map([
      [OLD.id, NOW - HOUR_MS],
      ["gone", 1],
    ]),
  );
  const fresh = { ...OLD, id: sha256Hex("new") };
  list.note(OLD, NOW);
  list.note(fresh, NOW);
  await list.save(packed);
  const read = await readCandidates(packed);
  expect([...read]).toEqual([
    [OLD.id, NOW - HOUR_MS],
    [fresh.id, NOW],
  ]);
});

test("is bounded; known ones stay when there are too many", async () => {
  using bucket = new StockedBucket();
  const packed = new PackedBucket(bucket);
  const known = new Map(Array.from({ length: 49_999 }, (_, i) => [sha256Hex(String(i)), NOW] as const));
  const list = new CandidateList(known);
  for (const id of ["a", "b", ...known.keys()]) list.note({ ...OLD, id }, NOW);
  await list.save(packed);
  const read = await readCandidates(packed);
  expect([read.size, read.has("a"), read.has("b")]).toEqual([50_000, true, false]);
});
