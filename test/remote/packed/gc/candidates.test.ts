import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { PackedBucket } from "../../../../src/remote/packed/bucket/packed-bucket.ts";
import {
  Candidates,
  parseCandidates,
  readCandidates,
  writeCandidates,
} from "../../../../src/remote/packed/gc/candidates.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { MemoryStore } from "../../../support/memory-store.ts";
import { HOUR_MS } from "../stocked-bucket.ts";

const NOW = 1_800_000_000_000;
const OLD = { name: `pack/${sha256Hex("old")}`, modifiedMs: NOW - 100 * HOUR_MS };

function candidatesOf(entries: Iterable<[string, number]>, after = ""): Candidates {
  return new Candidates({ after, unnamed: new Map(entries) });
}

describe("is not a list of candidates:", () => {
  test.each([
    '{"version":1,"packs":{}}',
    '{"version":2}',
    '{"version":2,"unnamed":{}}',
    '{"version":2,"unnamed":[[]]}',
    '{"version":2,"unnamed":[[-1,[]]]}',
    '{"version":2,"unnamed":[[1,"pack"]]}',
    '{"version":2,"unnamed":[[1,[2]]]}',
    '{"version":2,"unnamed":[],"after":"pack/../x"}',
    '{"version":2,"unnamed":[],"after":7}',
    '{"version":2,"unnamed":[],"after":[""]}',
    '{"version":2,"unnamed":[[0,[]]]}',
    "null",
  ])("%s", (text) => {
    expect(() => parseCandidates(compressFrame(Buffer.from(text)))).toThrow();
  });
});

test.each([
  [23.9, 100, false],
  [24, 100, true],
  [100, 24, true],
  [100, 23.9, false],
  [100, -1, false],
])("a pack noted %p hours ago and written %p hours ago is due: %p", (seenHours, writtenHours, mayGo) => {
  const list = candidatesOf([[OLD.name, NOW - seenHours * HOUR_MS]]);
  expect(list.note({ ...OLD, modifiedMs: NOW - writtenHours * HOUR_MS }, NOW)).toBe(mayGo);
});

test("a pack that is noted for the first time is not due", () => {
  expect(candidatesOf([]).note(OLD, NOW)).toBe(false);
});

test("a pack with a time in the future counts as noted now", () => {
  const list = candidatesOf([[OLD.name, NOW + 300 * HOUR_MS]]);
  list.note(OLD, NOW);
  expect([...list.stateAfter("").unnamed]).toEqual([[OLD.name, NOW]]);
});

test("a pack without a time is never due", () => {
  expect(candidatesOf([[OLD.name, 1]]).note({ ...OLD, modifiedMs: 0 }, NOW)).toBe(false);
});

test("the saved list keeps the times and drops what is gone or named again", async () => {
  const bucket = new PackedBucket({ store: new MemoryStore(), prefix: "team" });
  const list = candidatesOf([
    [OLD.name, NOW - HOUR_MS],
    [`pack/${"0".repeat(64)}`, 1],
    [`segment/${"0".repeat(64)}`, 2],
  ]);
  const fresh = { ...OLD, name: `segment/${sha256Hex("new")}` };
  list.note(OLD, NOW);
  list.passTo("pack/~");
  list.note(fresh, NOW + 0.5);
  list.passTo("segment/~");
  await writeCandidates(bucket, list.stateAfter(""));
  const { after, unnamed } = await readCandidates(bucket);
  expect([after, new Map(unnamed)]).toEqual([
    "",
    new Map([
      [OLD.name, NOW - HOUR_MS],
      [fresh.name, NOW],
    ]),
  ]);
});

test("a round that goes on keeps what was noted before it stopped, and what it has not come to", async () => {
  const bucket = new PackedBucket({ store: new MemoryStore(), prefix: "team" });
  const [a, b, c] = ["a", "b", "c"].map((digit) => `pack/${digit.repeat(64)}`) as [string, string, string];
  const first = candidatesOf([[c, 3]]);
  first.note({ name: a, modifiedMs: 1 }, 10);
  first.passTo(a);
  await writeCandidates(bucket, first.stateAfter(a));
  const state = await readCandidates(bucket);
  expect(state.after).toBe(a);
  const second = new Candidates(state);
  second.note({ name: b, modifiedMs: 1 }, 20);
  second.passTo(b);
  expect(new Map(second.stateAfter(b).unnamed)).toEqual(
    new Map([
      [a, 10],
      [b, 20],
      [c, 3],
    ]),
  );
});

test("the list is bounded and prefers known candidates", () => {
  const known = Array.from({ length: 99_999 }, (_, i) => `segment/${sha256Hex(String(i))}`);
  const list = candidatesOf(known.map((name) => [name, NOW]));
  const [a, b] = [`pack/${"a".repeat(64)}`, `pack/${"b".repeat(64)}`];
  for (const name of [a, b, ...known]) list.note({ name, modifiedMs: 1 }, NOW);
  const { unnamed } = list.stateAfter("");
  expect([unnamed.size, unnamed.has(a), unnamed.has(b)]).toEqual([100_000, true, false]);
});
