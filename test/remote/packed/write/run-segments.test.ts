import { describe, expect, test } from "bun:test";
import type { NamedSegment } from "../../../../src/remote/packed/format/named-segment.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import type { SegmentRef } from "../../../../src/remote/packed/format/run-record.ts";
import { addSegments, applyRewrite, useRows } from "../../../../src/remote/packed/write/run-segments.ts";
import { groupOf, refOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

const named = (...names: string[]) =>
  groupOf(...names.map((name) => ({ ...entryOf(""), actionId: entryOf(name).actionId })))
    .segments[0] as NamedSegment;
const ONE = named("a", "b", "c");
const TWO = named("d");

function rows(segment: NamedSegment, ...list: number[]): RowSet {
  const set = RowSet.none(segment.segment.rows);
  for (const row of list) set.add(row);
  return set;
}

const use = (segment: NamedSegment, ...list: number[]) => ({ ...segment, used: rows(segment, ...list) });
const ref = (segment: NamedSegment, ...list: number[]): SegmentRef =>
  refOf(segment.segment, { used: rows(segment, ...list) });
const shown = (refs: readonly SegmentRef[]) => refs.map(({ id, used }) => [id, used?.list() ?? "all"]);

describe("the same list comes back", () => {
  test("if all rows were known, or the run had used all of a segment", () => {
    const before = [ref(ONE, 0, 1), refOf(TWO.segment)];
    expect(useRows(before, [use(ONE, 1), use(TWO, 0)])).toBe(before);
    expect(useRows(before, [])).toBe(before);
  });

  test("if there is neither a new segment nor a new row of a known one", () => {
    const before = [ref(ONE, 0, 1), refOf(TWO.segment)];
    expect(addSegments(before, [ref(ONE, 1), ref(TWO, 0)])).toBe(before);
  });
});

test("used rows are added to known segments, and new ones come last", () => {
  const before = [ref(ONE, 0)];
  expect(shown(useRows(before, [use(TWO, 0), use(ONE, 2)]))).toEqual([
    [ONE.segment.id, [0, 2]],
    [TWO.segment.id, [0]],
  ]);
  expect(shown(before)).toEqual([[ONE.segment.id, [0]]]);
});

test("a new segment with the rows of a known one adds what is used of it", () => {
  expect(shown(addSegments([ref(ONE, 0)], [ref(ONE, 2)]))).toEqual([[ONE.segment.id, [0, 2]]]);
  expect(shown(addSegments([ref(ONE, 0)], [refOf(ONE.segment)]))).toEqual([[ONE.segment.id, "all"]]);
});

describe("a rewrite", () => {
  const replaced = new Map([[ONE.segment.id, rows(ONE, 0, 1)]]);
  const rewrite = { created: [], used: new Set<string>(), replaced };

  test("removes a segment whose used rows are all in the new one", () => {
    expect(shown(applyRewrite([ref(ONE, 0, 1)], rewrite, [ref(TWO, 0)]))).toEqual([[TWO.segment.id, [0]]]);
  });

  test("may make a segment that the run names already, of which it has used other rows", () => {
    expect(shown(applyRewrite([ref(TWO), ref(ONE, 0, 1)], rewrite, [ref(TWO, 0)]))).toEqual([
      [TWO.segment.id, [0]],
    ]);
  });

  test("keeps the rows that were used meanwhile", () => {
    expect(shown(applyRewrite([ref(ONE, 0, 1, 2)], rewrite, [ref(TWO, 0)]))).toEqual([
      [ONE.segment.id, [2]],
      [TWO.segment.id, [0]],
    ]);
    expect(shown(applyRewrite([refOf(ONE.segment)], rewrite, []))).toEqual([[ONE.segment.id, [2]]]);
  });
});
