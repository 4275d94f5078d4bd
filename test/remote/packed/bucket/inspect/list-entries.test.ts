import { expect, test } from "bun:test";
import {
  listEntries,
  type ShownEntry,
} from "../../../../../src/remote/packed/bucket/inspect/list-entries.ts";
import type { PackedEntry } from "../../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../../src/remote/packed/format/row-set.ts";
import { rejection } from "../../../../support/rejection.ts";
import { recordOfSegments, refOf, segmentOf } from "../../made-record.ts";
import { entryOf, packOf, StockedBucket } from "../../stocked-bucket.ts";

async function list(bucket: StockedBucket, name: string) {
  const entries: ShownEntry[] = [];
  const listing = await listEntries({ ...bucket, name, onEntry: (entry) => entries.push(entry) });
  return { ...listing, entries };
}

test("a record that can't be used is an error, and what is not there is not found", async () => {
  using bucket = new StockedBucket();
  const bad = await bucket.put(bucket.keys.shared("bad"), Buffer.from("x"));
  expect(String(await rejection(list(bucket, bad)))).toContain(`${bad} can't be used: `);
  const nothing = { isFound: false, missing: [], entries: [] };
  for (const name of ["shared/none.json.zst", "a".repeat(64), `segment/aa/${"a".repeat(64)}`])
    expect(await list(bucket, name)).toEqual(nothing);
});

test("a damaged segment is named, and what is left of the record is shown", async () => {
  using bucket = new StockedBucket();
  const [damaged, gone] = [
    await bucket.segment([entryOf("")]),
    await bucket.segment(await bucket.pack(["a"])),
  ];
  const whole = await bucket.segment(await bucket.pack(["one"]));
  const record = await bucket.runOf([damaged.ref, gone.ref, whole.ref]);
  await bucket.overwrite(damaged.key, Buffer.from("x"));
  await bucket.remove(gone.key);
  const missing = { id: damaged.segment.id, reason: "not a zstd frame of known size" };
  expect(await list(bucket, damaged.segment.id)).toEqual({ isFound: true, missing: [missing], entries: [] });
  const { entries, ...rest } = await list(bucket, record);
  const absent = { id: gone.segment.id, reason: "the bucket has no such segment" };
  expect(rest).toEqual({ isFound: true, missing: [missing, absent] });
  expect(entries.length).toBe(1);
});

test("a segment is shown by its id or key, with a line for each entry", async () => {
  using bucket = new StockedBucket();
  const [one] = (await bucket.pack(["one"])) as [PackedEntry];
  const { segment, key } = await bucket.segment([{ ...one, compileMs: 7 }, entryOf("")]);
  const expected = [
    {
      action: one.actionId,
      output: one.outputId,
      bytes: 3,
      putTime: "2023-11-14T22:13:20.000Z",
      pack: packOf(one),
      offset: 0,
      length: one.place?.length ?? 0,
      compileMs: 7,
    },
    {
      action: entryOf("").actionId,
      output: entryOf("").outputId,
      bytes: 0,
      putTime: "2023-11-14T22:13:20.000Z",
    },
  ].toSorted((a, b) => (a.action < b.action ? -1 : 1));
  for (const name of [segment.id, key, key.replace("team/packed/v1/", "")])
    expect<object>(await list(bucket, name)).toEqual({ isFound: true, missing: [], entries: expected });
});

test("a record is shown with all entries of its segments, and which of them its run used", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["one", "two"]);
  const { ref } = await bucket.segment(entries);
  const used = RowSet.none(2);
  used.add(1);
  const made = segmentOf([entryOf("")]);
  const key = bucket.keys.shared("linux");
  await bucket.put(key, await recordOfSegments([{ ...ref, used }, refOf(made.segment)], {}, [made]));
  const shown = await list(bucket, "shared/linux.json.zst");
  expect(shown.entries.map((entry) => entry.used)).toEqual([false, true, true]);
  const last = entryOf("").actionId;
  expect(shown.entries.at(-1)?.action).toBe(last);
  const actions = [...entries.map(({ actionId }) => actionId), last];
  expect(new Set(shown.entries.map(({ action }) => action))).toEqual(new Set(actions));
});
