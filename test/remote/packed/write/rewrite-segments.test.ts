import { describe, expect, test } from "bun:test";
import type { PackedEntry, Place } from "../../../../src/remote/packed/format/entry.ts";
import type { LocalOutput } from "../../../../src/remote/packed/format/output-frame.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import {
  type LoggedSegment,
  type Rewrite,
  type RewriteOptions,
  rewriteSegments,
} from "../../../../src/remote/packed/write/rewrite-segments.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { byAction, refOf, segmentOf } from "../made-record.ts";
import { entryOf, packOf } from "../stocked-bucket.ts";

const MEBIBYTE = 1 << 20;
const NEW_PACK = { id: "ab".repeat(32), sizeBytes: 1_000, prefix: "" };
const NEW_PLACE: Place = { pack: NEW_PACK, offset: 0, length: 10 };

/** An entry in a pack of its own. */
function entry(name: string, packBytes = 2 * MEBIBYTE): PackedEntry {
  const pack = { id: sha256Hex(`pack ${name}`), sizeBytes: packBytes, prefix: "" };
  return { ...entryOf(name), place: { pack, offset: 0, length: 10 } };
}

const names = (count: number, start = 0) => Array.from({ length: count }, (_, n) => `${start + n}`);

function logged(
  entries: PackedEntry[],
  {
    used = entries.length,
    needed = used,
    isInline = true,
  }: { used?: number; needed?: number; isInline?: boolean } = {},
): LoggedSegment {
  const { segment } = segmentOf(entries);
  const first = (count: number) => {
    const rows = RowSet.none(segment.rows);
    for (let row = 0; row < count; row++) rows.add(row);
    return rows;
  };
  return { ref: refOf(segment, { isInline }), segment, used: first(used), needed: first(needed) };
}

/** All outputs are on the local disk, and a repack moves each to the new pack. */
async function rewrite(segments: LoggedSegment[], options: Partial<RewriteOptions> = {}) {
  const repacked: LocalOutput[] = [];
  const made = await rewriteSegments(segments, {
    local: {
      findOutput: (outputId) => ({ path: `/x/${outputId}`, sizeBytes: sizes.get(outputId) ?? -1 }),
      createOutput: () => expect.unreachable(),
    },
    repack: async (outputs) => {
      repacked.push(...outputs);
      return new Map(outputs.map(({ outputId }) => [outputId, NEW_PLACE]));
    },
    isGone: () => false,
    isDefaultBranch: true,
    ...options,
  });
  return { made, repacked };
}

const sizes = new Map(names(100).map((name) => [entryOf(name).outputId, entryOf(name).sizeBytes]));

function entriesOf(made: Rewrite | undefined): PackedEntry[] {
  return byAction(
    (made?.created ?? []).flatMap(({ segment }) =>
      [...segment.entries(RowSet.all(segment.rows).list())].map(([, each]) => each),
    ),
  );
}

test.each([
  ["before", 0],
  ["after", 1],
])(
  "an entry is taken from where this run used it, also with the one that others need %s it",
  async (_, at) => {
    const others = [entry("moved"), ...names(20).map((name) => entry(name))];
    // All segments of a record that are this small are merged.
    const small = names(8, 50).map((name) => logged([entry(name)]));
    const known = logged(byAction(others), { used: 0, needed: others.length, isInline: false });
    const here = { ...entry("moved"), place: NEW_PLACE };
    const segments = [logged([here]), ...small];
    segments.splice(at, 0, known);
    const { made } = await rewrite(segments);
    expect(entriesOf(made).find(({ actionId }) => actionId === here.actionId)?.place).toEqual(NEW_PLACE);
    expect(made?.used).toContain(here.actionId);
  },
);

describe("nothing is written", () => {
  test.each([
    ["for a few segments", [logged(names(5).map((name) => entry(name)))]],
    ["for four small packs", [logged(names(4).map((name) => entry(name, 1_000)))]],
    [
      "for small packs from which nothing is used",
      [
        logged(
          names(7).map((name) => entry(name, 1_000)),
          { used: 4 },
        ),
      ],
    ],
    [
      "for four packs of each size",
      [1_000, 100_000, 500_000].map((size, at) => logged(names(4, 4 * at).map((name) => entry(name, size)))),
    ],
    ["without segments", []],
  ])("%s", async (_, segments) => {
    expect(await rewrite(segments)).toEqual({ made: undefined, repacked: [] });
  });

  test("if the outputs of many small packs are not on this machine, or the upload fails", async () => {
    const segments = [logged(names(9).map((name) => entry(name, 1_000)))];
    const local = { findOutput: () => undefined, createOutput: () => expect.unreachable() };
    expect(await rewrite(segments, { local })).toEqual({ made: undefined, repacked: [] });
    expect((await rewrite(segments, { repack: async () => new Map() })).made).toBeUndefined();
  });
});

test("nine small segments become one with all entries, and what the run used stays known", async () => {
  const all = names(18).map((name) => entry(name));
  const segments = names(9).map((_, n) =>
    logged(all.slice(2 * n, 2 * n + 2), { used: 1, needed: 2, isInline: false }),
  );
  const { made } = await rewrite(segments);
  expect([made?.created.length, entriesOf(made)]).toEqual([1, byAction(all)]);
  expect(made?.used.size).toBe(9);
  expect([...(made?.replaced ?? [])].map(([id, rows]) => [id, rows.count])).toEqual(
    segments.map(({ ref }) => [ref.id, 2]),
  );
});

test("of a segment object the rows that any run needs are kept, of an inline one those of this run", async () => {
  const entries = names(10).map((name) => entry(name));
  const sizesOf = async (isInline: boolean) => {
    const { made } = await rewrite([logged(entries, { used: 2, needed: 4, isInline })]);
    return [entriesOf(made).length, made?.used.size];
  };
  expect([await sizesOf(false), await sizesOf(true)]).toEqual([
    [4, 2],
    [2, 2],
  ]);
});

test("the outputs of more than four small packs move to one, and other entries stay where they are", async () => {
  const small = names(6).map((name) => entry(name, 1_000));
  const large = entry("60");
  const { made, repacked } = await rewrite([logged([...small, large])]);
  expect(repacked).toHaveLength(6);
  expect(entriesOf(made)).toEqual(byAction(small.map((each) => ({ ...each, place: NEW_PLACE }))));
  expect([...(made?.replaced.values() ?? [])].map(({ count }) => count)).toEqual([6]);
});

test("larger packs stay where they are while there are few of them", async () => {
  const small = names(6).map((name) => entry(name, 1_000));
  const medium = names(4, 6).map((name) => entry(name, 100_000));
  const { repacked } = await rewrite([logged([...small, ...medium])]);
  expect(new Set(repacked.map(({ outputId }) => outputId))).toEqual(
    new Set(small.map(({ outputId }) => outputId)),
  );
});

test("entries in packs that are gone move to another one", async () => {
  const [gone, kept] = [entry("1"), entry("2")];
  const { made } = await rewrite([logged([gone, kept])], { isGone: (id) => id === packOf(gone) });
  expect(entriesOf(made)).toEqual(byAction([{ ...gone, place: NEW_PLACE }, kept]));
});

test("many small packs stay on another branch than the default one, which most likely ends soon", async () => {
  const small = names(12).map((name) => entry(name, 1_000));
  expect(await rewrite([logged(small)], { isDefaultBranch: false })).toEqual({
    made: undefined,
    repacked: [],
  });
  const { repacked } = await rewrite([logged(names(40).map((name) => entry(name, 1_000)))], {
    isDefaultBranch: false,
  });
  expect(repacked).toHaveLength(40);
});

test("entries in packs that are gone are left out if this machine has not got them", async () => {
  const [gone, kept] = [entry("1"), entry("2")];
  const { made } = await rewrite([logged([gone, kept])], {
    isGone: (id) => id === packOf(gone),
    local: { findOutput: () => undefined, createOutput: () => expect.unreachable() },
  });
  expect(entriesOf(made)).toEqual([kept]);
  expect([...(made?.replaced.values() ?? [])].map(({ count }) => count)).toEqual([2]);
});
