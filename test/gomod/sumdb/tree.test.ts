import { expect, test } from "bun:test";
import { formatTileName, parseTileName } from "../../../src/gomod/sumdb/tile-name.ts";
import { proveGrowth, proveRecord, type ReadTile } from "../../../src/gomod/sumdb/tree.ts";
import { TestSumdb } from "../../support/modules/test-sumdb.ts";

const RECORDS = 70_000;

/** A database whose tiles lie on three levels. */
const sumdb = new TestSumdb();
for (let n = 0; n < RECORDS; n++) {
  const text = { module: `example.com/m${n}`, version: "v1.0.0", zip: "h1:x", mod: "h1:y" };
  sumdb.add(`example.com/m${n}@v1.0.0`, text);
}

const tiles = new Map<string, Buffer>();

const readTile: ReadTile = async (tile) => {
  const name = formatTileName(tile);
  const bytes = tiles.get(name) ?? sumdb.tile(name);
  if (bytes === undefined) throw new Error(`no ${name}`);
  tiles.set(name, bytes);
  return bytes;
};

/** With every hash of one tile changed. */
function lying(path: string): ReadTile {
  return async (tile) => {
    const bytes = await readTile(tile);
    return formatTileName(tile) === path ? bytes.map((byte) => byte ^ 1) : bytes;
  };
}

const roots = new Map(
  [1, 2, 255, 256, 257, 65_536, 65_600, RECORDS].map((size) => [size, sumdb.root(0, size)]),
);

function headOf(size: number) {
  return { size, root: roots.get(size) as Buffer };
}

test.each([
  [1, 0],
  [2, 1],
  [255, 254],
  [256, 0],
  [257, 256],
  [257, 3],
  [65_536, 65_535],
  [65_600, 65_599],
  [RECORDS, 0],
  [RECORDS, 65_536],
  [RECORDS, RECORDS - 1],
])("a tree of %i records has record %i", async (size, id) => {
  await proveRecord(headOf(size), sumdb.record(id), id, readTile);
});

test("no proof for another record, another place or another root", async () => {
  const head = headOf(RECORDS);
  const isNot = "is not in the tree";
  await expect(proveRecord(head, `${sumdb.record(5)} `, 5, readTile)).rejects.toThrow(isNot);
  await expect(proveRecord(head, sumdb.record(5), 6, readTile)).rejects.toThrow(isNot);
  await expect(
    proveRecord({ ...head, root: Buffer.alloc(32) }, sumdb.record(5), 5, readTile),
  ).rejects.toThrow(isNot);
});

test("a wrong tile anywhere makes a proof fail", async () => {
  const read: string[] = [];
  const id = 65_600;
  await proveRecord(headOf(RECORDS), sumdb.record(id), id, async (tile) => {
    read.push(formatTileName(tile));
    return await readTile(tile);
  });
  expect(read.length).toBeGreaterThan(2);
  for (const path of new Set(read)) {
    expect(parseTileName(path)).toBeDefined();
    await expect(proveRecord(headOf(RECORDS), sumdb.record(id), id, lying(path))).rejects.toThrow(
      "is not in the tree",
    );
  }
});

test("a hash that the proof of a record does not need is proven as well: go reads whole tiles", async () => {
  const id = 1_000;
  const prove = async (read: ReadTile) => await proveRecord(headOf(RECORDS), sumdb.record(id), id, read);
  const read: string[] = [];
  await prove(async (tile) => {
    read.push(formatTileName(tile));
    return await readTile(tile);
  });
  const names = ["0/003", "0/273.p/112", "1/000", "1/001.p/17", "2/000.p/1"];
  expect(new Set(read)).toEqual(new Set(names.map((name) => `tile/8/${name}`)));
  for (const path of read)
    for (const at of [0, -1]) {
      const altering: ReadTile = async (tile) => {
        const bytes = Buffer.from(await readTile(tile));
        const place = at === 0 ? 0 : bytes.length - 1;
        if (formatTileName(tile) === path) bytes[place] = (bytes[place] ?? 0) ^ 1;
        return bytes;
      };
      await expect(prove(altering)).rejects.toThrow("is not in the tree");
    }
});

test.each([
  [1, 2],
  [2, 255],
  [255, 256],
  [256, 257],
  [257, 65_536],
  [65_536, 65_600],
  [65_600, RECORDS],
])("the tree of %i records is the beginning of the one of %i", async (older, newer) => {
  await proveGrowth(headOf(older), headOf(newer), readTile);
});

test("a tree with another beginning is no continuation", async () => {
  const forged = { size: 257, root: Buffer.alloc(32, 1) };
  await expect(proveGrowth(forged, headOf(RECORDS), readTile)).rejects.toThrow("does not continue");
  await expect(
    proveGrowth(headOf(257), { ...headOf(RECORDS), root: Buffer.alloc(32) }, readTile),
  ).rejects.toThrow("does not continue");
});

test.each([2 ** 48 - 1, 2 ** 50 - 1, 2 ** 53 - 1])("a proof in a tree of %d records ends", async (size) => {
  let reads = 0;
  const readAny: ReadTile = async () => {
    reads++;
    return new Uint8Array(256 * 32);
  };
  const head = { size, root: sumdb.root(0, 1) };
  await expect(proveRecord(head, sumdb.record(0), size - 1, readAny)).rejects.toThrow("is not in the tree");
  expect(reads).toBeLessThan(100);
});
