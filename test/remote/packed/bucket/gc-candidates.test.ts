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
])("a pack noted %p hours ago and written %p hours ago is due: %p", (seenHours, writtenHours, mayGo) => {
  const list = new CandidateList(new Map([[OLD.id, NOW - seenHours * HOUR_MS]]));
  expect(list.note({ ...OLD, modifiedMs: NOW - writtenHours * HOUR_MS }, NOW)).toBe(mayGo);
});

test("a pack that is noted for the first time is not due", () => {
  expect(new CandidateList(new Map()).note(OLD, NOW)).toBe(false);
});

test("the saved list keeps the times and drops packs that are gone", async () => {
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

test("the list is bounded and prefers known candidates", async () => {
  using bucket = new StockedBucket();
  const packed = new PackedBucket(bucket);
  const known = new Map(Array.from({ length: 49_999 }, (_, i) => [sha256Hex(String(i)), NOW] as const));
  const list = new CandidateList(known);
  for (const id of ["a", "b", ...known.keys()]) list.note({ ...OLD, id }, NOW);
  await list.save(packed);
  const read = await readCandidates(packed);
  expect([read.size, read.has("a"), read.has("b")]).toEqual([50_000, true, false]);
});
