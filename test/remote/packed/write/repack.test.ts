import { expect, test } from "bun:test";
import type { PackedEntry, Place } from "../../../../src/remote/packed/format/entry.ts";
import type { LocalOutput } from "../../../../src/remote/packed/format/output-frame.ts";
import { repackSmall } from "../../../../src/remote/packed/write/repack.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { entryOf } from "../stocked-bucket.ts";

const MEBIBYTE = 1 << 20;

/** Entries, each in its own pack of that size. */
function scattered(count: number, packBytes = 1_000): PackedEntry[] {
  return Array.from({ length: count }, (_, n) => {
    const pack = { id: sha256Hex(`${packBytes} ${n}`), sizeBytes: packBytes, prefix: "" };
    return { ...entryOf(`${packBytes} ${n}`), place: { pack, offset: 0, length: 10 } };
  });
}

const NEW_PLACE: Place = {
  pack: { id: "ab".repeat(32), sizeBytes: 1_000, prefix: "" },
  offset: 0,
  length: 10,
};

/** Repacks with all outputs but those on the local disk; returns the entries and the outputs that were uploaded. */
async function repack(entries: PackedEntry[], options: { missing?: string[]; store?: boolean } = {}) {
  const { missing = [], store = true } = options;
  const stored: LocalOutput[] = [];
  const sizes = new Map(entries.map(({ outputId, sizeBytes }) => [outputId, sizeBytes]));
  const local = {
    findOutput: (outputId: string) =>
      missing.includes(outputId) ? undefined : { path: `/${outputId}`, sizeBytes: sizes.get(outputId) ?? 0 },
    createOutput: () => {
      throw new Error("nothing is written");
    },
  };
  const repacked = await repackSmall(entries, {
    local,
    store: async (outputs) => {
      stored.push(...outputs);
      return new Map(store ? outputs.map(({ outputId }) => [outputId, NEW_PLACE]) : []);
    },
  });
  return { repacked, stored };
}

test("up to four small packs are kept, and any number of large ones", async () => {
  for (const entries of [scattered(4), scattered(30, MEBIBYTE), [entryOf("")]]) {
    expect(await repack(entries)).toEqual({ repacked: entries, stored: [] });
  }
});

test("more small packs are merged, and large packs and empty outputs are kept", async () => {
  const small = scattered(5);
  const others = [...scattered(2, MEBIBYTE), entryOf("")];
  const { repacked, stored } = await repack([...others, ...small]);
  expect(repacked).toEqual([...others, ...small.map((entry) => ({ ...entry, place: NEW_PLACE }))]);
  expect(stored).toHaveLength(5);
});

test("at most 16 MiB are repacked at a time, the smallest packs first", async () => {
  const large = scattered(20, MEBIBYTE - 1);
  const { repacked, stored } = await repack([...large, ...scattered(2)]);
  expect(stored).toHaveLength(17);
  expect(repacked.slice(-2).map(({ place }) => place)).toEqual([NEW_PLACE, NEW_PLACE]);
});

test("outputs that are not local, or can't be uploaded, keep their places", async () => {
  const entries = scattered(5);
  const [first] = entries as [PackedEntry];
  const { repacked } = await repack(entries, { missing: [first.outputId] });
  expect([repacked[0], repacked[1]?.place]).toEqual([first, NEW_PLACE]);
  expect((await repack(entries, { store: false })).repacked).toEqual(entries);
  expect((await repack(entries, { missing: entries.map(({ outputId }) => outputId) })).stored).toEqual([]);
});
