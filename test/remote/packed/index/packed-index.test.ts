import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { PackedIndex } from "../../../../src/remote/packed/index/packed-index.ts";
import { entryOf } from "../stocked-bucket.ts";

const OLD_PACK = "0a".repeat(32);
const NEW_PACK = "0b".repeat(32);

/** An entry that lies in a pack of that id. */
function placed(text: string, packId: string): PackedEntry {
  const pack = { id: packId, sizeBytes: 100, prefix: "" };
  return { ...entryOf(text), place: { pack, offset: 0, length: 10 } };
}

const hello = entryOf("hello");
const inOld = placed("hello", OLD_PACK);
const inNew = placed("hello", NEW_PACK);

/** An index of groups, the newest first. */
function indexOf(...groups: PackedEntry[][]): PackedIndex {
  const index = new PackedIndex();
  for (const entries of groups) index.add({ entries });
  return index;
}

test("an index of nothing finds nothing", () => {
  const index = indexOf([]);
  expect([index.find(hello.actionId), index.findPlace(hello.outputId)]).toEqual([undefined, undefined]);
});

test("a record that names very many places for one output is read all the same", () => {
  // Ten billion comparisons, and no end of this test, if each were compared with all before it.
  const packs = Array.from({ length: 150_000 }, (_, n) => n.toString(16).padStart(64, "0"));
  const index = indexOf(packs.map((id) => placed("hello", id)));
  for (const id of packs.slice(0, 5)) index.distrustedPacks.add(id);
  expect(index.findPlace(hello.outputId)?.pack.id).toBe(packs[5]);
  expect(index.find(hello.actionId)?.entry.place?.pack.id).toBe(packs[5]);
});

test("an action is found in the newest group that has it", () => {
  const [newer, older] = [{ entries: [inNew] }, { entries: [inOld, placed("other", OLD_PACK)] }];
  const index = new PackedIndex();
  index.add(newer);
  index.add(older);
  expect(index.find(inNew.actionId)).toEqual({ entry: inNew, group: newer });
  expect(index.find(inNew.actionId)?.group).toBe(newer);
  expect(index.find(entryOf("other").actionId)?.group).toBe(older);
});

test("an action that made another output since counts with the newer one", () => {
  const again = { ...placed("other", NEW_PACK), actionId: hello.actionId };
  expect(indexOf([again], [inOld]).find(hello.actionId)?.entry).toEqual(again);
});

describe("a pack that can't be trusted", () => {
  test("is passed over for the next one that has the action", () => {
    const index = indexOf([inNew], [inOld]);
    index.distrustedPacks.add(NEW_PACK);
    expect(index.find(hello.actionId)?.entry).toEqual(inOld);
    expect(index.findPlace(hello.outputId)).toEqual(inOld.place);
  });

  test("makes a miss of what lies nowhere else", () => {
    const index = indexOf([inNew], [inNew]);
    index.distrustedPacks.add(NEW_PACK);
    expect([index.find(hello.actionId), index.findPlace(hello.outputId)]).toEqual([undefined, undefined]);
  });

  test("is told to the index that comes after this one", () => {
    const first = indexOf([inNew]);
    first.distrustedPacks.add(NEW_PACK);
    const second = new PackedIndex(first.distrustedPacks);
    second.add({ entries: [inNew] });
    expect(second.find(hello.actionId)).toBeUndefined();
  });

  test("does not take an empty output with it, which lies nowhere", () => {
    const empty = entryOf("");
    const index = indexOf([empty, inNew]);
    index.distrustedPacks.add(NEW_PACK);
    expect(index.find(empty.actionId)?.entry).toEqual(empty);
    expect(index.findPlace(empty.outputId)).toBeUndefined();
  });
});

test("an output is found whichever action made it, once a pack", () => {
  const byOther = { ...inNew, actionId: entryOf("other").actionId };
  const index = indexOf([byOther], [inNew], [inOld]);
  expect(index.findPlace(hello.outputId)).toEqual(inNew.place);
  expect([index.find(hello.actionId)?.entry, index.find(byOther.actionId)?.entry]).toEqual([inNew, byOther]);
});
