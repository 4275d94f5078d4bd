/** Changes of the list of segments that a run's record names. Each returns the same list if nothing changes. */
import { RowSet } from "../format/row-set.ts";
import type { SegmentRef } from "../format/run-record.ts";
import type { Rewrite } from "./rewrite-segments.ts";
import type { UsedSegment } from "./used-rows.ts";

/** Adds the rows that a session used. */
export function useRows(segments: SegmentRef[], used: readonly UsedSegment[]): SegmentRef[] {
  const refs = used.map(({ segment: { id, rows }, prefix, isInline, used }) => ({
    ...{ id, rows, prefix, isInline },
    used: used.copy(),
  }));
  return addSegments(segments, refs);
}

/** Adds new segments at the end. One with the same rows as a known one, and so its id, adds what is used of it. */
export function addSegments(segments: SegmentRef[], added: readonly SegmentRef[]): SegmentRef[] {
  const all = new Map(segments.map((ref) => [ref.id, ref]));
  let isChanged = false;
  for (const ref of added) {
    const before = all.get(ref.id);
    const after = before === undefined ? ref : withRows(before, ref.used);
    isChanged ||= after !== before;
    all.set(ref.id, after);
  }
  return isChanged ? [...all.values()] : segments;
}

function withRows(ref: SegmentRef, rows: RowSet | undefined): SegmentRef {
  if (ref.used === undefined) return ref;
  const used = rows && ref.used.copy();
  return rows !== undefined && used?.addAll(rows) === false ? ref : { ...ref, used };
}

/** `created`: the names of the new segments. Keeps what other sessions have used meanwhile. */
export function applyRewrite(
  segments: SegmentRef[],
  { replaced }: Rewrite,
  created: readonly SegmentRef[],
): SegmentRef[] {
  const kept = segments.flatMap((ref) => {
    const taken = replaced.get(ref.id);
    if (taken === undefined) return [ref];
    const used = (ref.used ?? RowSet.all(ref.rows)).copy();
    for (const row of taken.list()) used.delete(row);
    return used.count === 0 ? [] : [{ ...ref, used }];
  });
  return addSegments(kept, created);
}
