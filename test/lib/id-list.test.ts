import { expect, test } from "bun:test";
import { IdList } from "../../src/lib/id-list.ts";
import { sha256Hex } from "../support/ids.ts";

function listOf(count: number): { list: IdList; ids: string[] } {
  const list = new IdList();
  const ids = Array.from({ length: count }, (_, n) => sha256Hex(`${n}`));
  for (const id of ids) list.push(id);
  return { list, ids };
}

test.each([0, 1, 1_023, 1_024, 1_025, 5_000])("keeps the order of %p ids", (count) => {
  const { list, ids } = listOf(count);
  expect([list.size, [...list]]).toEqual([count, ids]);
});

test("gives its ids some at a time, across its blocks", () => {
  const { list, ids } = listOf(2_100);
  const slices = [...list.slices(900)];
  expect([slices.map(({ length }) => length), slices.flat()]).toEqual([[900, 900, 300], ids]);
});

test("takes 32 bytes an id, and little for a few", () => {
  expect(listOf(100_000).list.byteLength).toBeLessThan(33 * 100_000);
  expect(listOf(1).list.byteLength).toBeLessThan(33 << 10);
});

test("holds nothing once it is cleared, and can be filled again", () => {
  const { list, ids } = listOf(1_500);
  list.clear();
  expect([list.size, list.byteLength, [...list]]).toEqual([0, 0, []]);
  list.push(ids[7] ?? "");
  expect([...list]).toEqual([ids[7] ?? ""]);
});
