import { expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { PackedIndex } from "../../../../src/remote/packed/index/packed-index.ts";
import { UsedRows } from "../../../../src/remote/packed/write/used-rows.ts";
import { groupOf, segmentOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

const [A, B] = ["a", "b"].map((text) => ({ ...entryOf(""), actionId: entryOf(text).actionId })) as [
  PackedEntry,
  PackedEntry,
];

function usedOf(rows: UsedRows): string[] {
  return rows.segments.flatMap(({ segment, used }) =>
    [...segment.entries(used.list())].map(([, { actionId }]) => actionId),
  );
}

test("what the run's log has is not passed on again, since it may have moved to another segment", async () => {
  const index = new PackedIndex();
  index.add(groupOf(A, B));
  const rows = new UsedRows(() => undefined);
  rows.add(A.actionId);
  await rows.resolve(index, () => expect.unreachable());
  expect(usedOf(rows)).toEqual([A.actionId]);
  rows.recorded();
  for (const { actionId } of [A, B]) rows.add(actionId);
  await rows.resolve(index, () => expect.unreachable());
  expect(usedOf(rows)).toEqual([B.actionId]);
});

test("what the run's log has is looked up again when a pack turns out to be bad", async () => {
  const index = new PackedIndex();
  const pack = { id: "5".repeat(64), sizeBytes: 9, prefix: "ci" };
  index.add(groupOf({ ...A, sizeBytes: 9, place: { pack, offset: 0, length: 9 } }));
  const rows = new UsedRows(() => undefined);
  rows.add(A.actionId);
  await rows.resolve(index, () => expect.unreachable());
  rows.recorded();
  index.distrustedPacks.add(pack.id);
  rows.recheck(index);
  const unknown: string[] = [];
  await rows.resolve(index, (actionId) => unknown.push(actionId));
  expect(unknown).toEqual([A.actionId]);
});

test("so is a segment that this session has added, if it is still on the disk", async () => {
  const index = new PackedIndex();
  const pack = { id: "5".repeat(64), sizeBytes: 9, prefix: "ci" };
  const { segment } = segmentOf([{ ...A, sizeBytes: 9, place: { pack, offset: 0, length: 9 } }, B]);
  const rows = new UsedRows((id) => (id === segment.id ? segment : undefined));
  for (const id of [segment.id, "pruned"]) rows.addAll(id);
  index.distrustedPacks.add(pack.id);
  rows.recheck(index);
  const unknown: string[] = [];
  await rows.resolve(index, (actionId) => unknown.push(actionId));
  expect(new Set(unknown)).toEqual(new Set([A.actionId, B.actionId]));
});
