/** Changes of the list of segments that a run's record names. Each returns the same list if nothing changes. */
import { RowSet } from "../format/row-set.ts";
import type { SegmentRef } from "../format/run-record.ts";
import type { Rewrite } from "./rewrite-segments.ts";
import type { UsedSegment } from "./used-rows.ts";

/** Adds the rows that a session used. */
export function useRows(segments: SegmentRef[], used: readonly UsedSegment[]): SegmentRef[] {
  const before = new Map(segments.map((ref) => [ref.id, ref]));
  const changed = new Map<string, SegmentRef>();
  for (const { segment, prefix, isInline, used: rows } of used) {
    const known = before.get(segment.id);
    if (known !== undefined && known.used === undefined) continue;
    const all = known?.used?.copy() ?? RowSet.none(segment.rows);
    const isChanged = all.addAll(rows);
    if (known === undefined)
      changed.set(segment.id, { id: segment.id, rows: segment.rows, prefix, isInline, used: all });
    else if (isChanged) changed.set(segment.id, { ...known, used: all });
  }
  if (changed.size === 0) return segments;
  const added = [...changed.values()].filter(({ id }) => !before.has(id));
  return [...segments.map((ref) => changed.get(ref.id) ?? ref), ...added];
}

/** Adds new segments at the end. */
export function addSegments(segments: SegmentRef[], added: readonly SegmentRef[]): SegmentRef[] {
  const known = new Set(segments.map(({ id }) => id));
  const missing = added.filter(({ id }) => !known.has(id));
  return missing.length === 0 ? segments : [...segments, ...missing];
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
