import { expect, test } from "bun:test";
import fc from "fast-check";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";

const ROWS = fc.integer({ min: 1, max: 300 });
const SOME = ROWS.chain((rows) =>
  fc.tuple(fc.constant(rows), fc.array(fc.nat(rows - 1)), fc.array(fc.nat(rows - 1))),
);

function setOf(rows: number, members: readonly number[]): RowSet {
  const set = RowSet.none(rows);
  for (const row of members) set.add(row);
  return set;
}

function membersOf(set: RowSet): number[] {
  return Array.from({ length: set.rows + 20 }, (_, row) => row).filter((row) => set.has(row));
}

test.each([
  ["too short", Buffer.alloc(1)],
  ["too long", Buffer.alloc(3)],
  ["with a row beyond the segment's", Buffer.from([0, 0b10])],
])("a text that is %s is no set of nine rows", (_, bytes) => {
  expect(RowSet.parse(bytes.toString("base64"), 9)).toBeUndefined();
});

test("a set is read back from its text", () => {
  fc.assert(
    fc.property(SOME, ([rows, members]) => {
      const set = setOf(rows, members);
      const again = RowSet.parse(set.format(), rows);
      expect(again && membersOf(again)).toEqual(membersOf(set));
      expect(RowSet.parse(set.format(), rows + 8)).toBeUndefined();
    }),
  );
});

test("any text is refused, or a set of that many rows at most", () => {
  fc.assert(
    fc.property(fc.oneof(fc.base64String(), fc.string()), fc.nat(200), (text, rows) => {
      const set = RowSet.parse(text, rows);
      if (set !== undefined) expect(membersOf(set).every((row) => row < rows)).toBe(true);
    }),
  );
});

test("rows are added as to a set of numbers, and none beyond the segment's", () => {
  fc.assert(
    fc.property(SOME, ([rows, members, others]) => {
      const [set, model] = [RowSet.none(rows), new Set<number>()];
      for (const row of [...members, rows, rows + 7]) {
        expect(set.add(row)).toBe(row < rows && !model.has(row));
        if (row < rows) model.add(row);
      }
      const before = set.copy();
      const union = model.union(new Set(others));
      expect(set.addAll(setOf(rows, others))).toBe(union.size > model.size);
      expect([set.count, set.isAll]).toEqual([union.size, union.size === rows]);
      expect(membersOf(set)).toEqual([...union].sort((a, b) => a - b));
      expect(before.count).toBe(model.size);
      expect(set.addAll(RowSet.all(rows)) || union.size === rows).toBe(true);
      expect(set.isAll).toBe(true);
    }),
  );
});
