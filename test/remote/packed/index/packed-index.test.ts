import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import type { Segment } from "../../../../src/remote/packed/format/segment.ts";
import { PackedIndex } from "../../../../src/remote/packed/index/packed-index.ts";
import { groupOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

const OLD_PACK = "0a".repeat(32);
const NEW_PACK = "0b".repeat(32);

/** An entry in the pack with that id. */
function entryAt(text: string, packId: string): PackedEntry {
  const pack = { id: packId, sizeBytes: 100, prefix: "" };
  return { ...entryOf(text), place: { pack, offset: 0, length: 10 } };
}

const hello = entryOf("hello");
const inOld = entryAt("hello", OLD_PACK);
const inNew = entryAt("hello", NEW_PACK);

/** An index of groups, the newest first. */
function indexOf(...groups: PackedEntry[][]): PackedIndex {
  const index = new PackedIndex();
  for (const entries of groups) index.add(groupOf(...entries));
  return index;
}

test("an empty index finds nothing", () => {
  const index = indexOf([]);
  expect([index.find(hello.actionId), index.findPlace(hello.outputId)]).toEqual([undefined, undefined]);
});

test("an output of several actions is found in the first of their packs that is trusted", () => {
  const packs = Array.from({ length: 10 }, (_, n) => n.toString(16).padStart(64, "0"));
  const index = indexOf(
    packs.map((id, n) => ({ ...entryAt("hello", id), actionId: entryOf(`${n}`).actionId })),
  );
  for (const id of packs) if (id !== packs[5]) index.distrustedPacks.add(id);
  expect(index.findPlace(hello.outputId)?.pack.id).toBe(packs[5]);
});

test("a segment that can't be read any more is reported and forgotten", () => {
  const gone: string[] = [];
  const index = new PackedIndex(new Set(), (id) => gone.push(id));
  const [broken, sound] = [groupOf(inNew), groupOf(inOld)];
  const segment = broken.segments[0]?.segment as Segment;
  segment.findAction = () => {
    throw new Error("EIO");
  };
  index.add(broken);
  index.add(sound);
  expect(index.find(hello.actionId)?.entry).toEqual(inOld);
  expect([index.find(hello.actionId)?.entry, gone]).toEqual([inOld, [segment.id]]);
});

describe("what a run has not used of a segment, since it has moved, comes last", () => {
  const moved = groupOf(inNew);
  const before = groupOf(inOld);
  const named = before.segments.map((each) => ({ ...each, used: RowSet.none(each.segment.rows) }));

  test.each([
    ["in the same record", [{ segments: [...moved.segments, ...named] }]],
    ["in a newer one", [{ segments: named }, moved]],
  ])("%s", (_, groups) => {
    const index = new PackedIndex();
    for (const group of groups) index.add(group);
    expect(index.find(hello.actionId)?.entry).toEqual(inNew);
    expect(index.findPlace(hello.outputId)?.pack.id).toBe(NEW_PACK);
    index.distrustedPacks.add(NEW_PACK);
    expect(index.find(hello.actionId)?.entry).toEqual(inOld);
    expect(index.findPlace(hello.outputId)?.pack.id).toBe(OLD_PACK);
  });
});

test("an action is found in the newest group that contains it", () => {
  const [newer, older] = [groupOf(inNew), groupOf(inOld, entryAt("other", OLD_PACK))];
  const index = new PackedIndex();
  index.add(newer);
  index.add(older);
  expect(index.find(inNew.actionId)?.entry).toEqual(inNew);
  expect(index.find(inNew.actionId)?.group).toBe(newer);
  expect(index.find(entryOf("other").actionId)?.group).toBe(older);
});

test("an action with several outputs is found with the newest one", () => {
  const again = { ...entryAt("other", NEW_PACK), actionId: hello.actionId };
  expect(indexOf([again], [inOld]).find(hello.actionId)?.entry).toEqual(again);
});

describe("a distrusted pack", () => {
  test("is skipped for the next pack with the action", () => {
    const index = indexOf([inNew], [inOld]);
    index.distrustedPacks.add(NEW_PACK);
    expect(index.find(hello.actionId)?.entry).toEqual(inOld);
    expect(index.findPlace(hello.outputId)).toEqual(inOld.place);
  });

  test("is a miss if no other pack has the output", () => {
    const index = indexOf([inNew], [inNew]);
    index.distrustedPacks.add(NEW_PACK);
    expect([index.find(hello.actionId), index.findPlace(hello.outputId)]).toEqual([undefined, undefined]);
  });

  test("stays distrusted in the next index", () => {
    const first = indexOf([inNew]);
    first.distrustedPacks.add(NEW_PACK);
    const second = new PackedIndex(first.distrustedPacks);
    second.add(groupOf(inNew));
    expect(second.find(hello.actionId)).toBeUndefined();
  });

  test("does not affect empty outputs, which have no place", () => {
    const empty = entryOf("");
    const index = indexOf([empty, inNew]);
    index.distrustedPacks.add(NEW_PACK);
    expect(index.find(empty.actionId)?.entry).toEqual(empty);
    expect(index.findPlace(empty.outputId)).toBeUndefined();
  });
});

test("an output of any action is found, with one place per pack", () => {
  const byOther = { ...inNew, actionId: entryOf("other").actionId };
  const index = indexOf([byOther], [inNew], [inOld]);
  expect(index.findPlace(hello.outputId)).toEqual(inNew.place);
  expect([index.find(hello.actionId)?.entry, index.find(byOther.actionId)?.entry]).toEqual([inNew, byOther]);
});
