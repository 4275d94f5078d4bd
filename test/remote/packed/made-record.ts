/** Makes segments of entries, and records that name them. */
import { PrefetchPlan } from "../../../src/remote/packed/fetch/prefetch-plan.ts";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../src/remote/packed/format/row-set.ts";
import {
  formatRunRecord,
  inlineSegments,
  parseRunRecord,
  type RunRecord,
  type SegmentRef,
} from "../../../src/remote/packed/format/run-record.ts";
import type { Segment } from "../../../src/remote/packed/format/segment.ts";
import {
  type NewSegment,
  newSegment,
  SegmentBuilder,
} from "../../../src/remote/packed/format/segment-builder.ts";

import type { EntryGroup } from "../../../src/remote/packed/index/packed-index.ts";

type Kind = Partial<Pick<RunRecord, "kind" | "about">>;

/** One segment; the last entry of an action counts. */
export function segmentOf(entries: readonly PackedEntry[]): NewSegment {
  const builder = new SegmentBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.seal();
}

/** A record with all entries in inline segments: in one, unless an action has several entries. */
export async function recordOf(
  entries: readonly PackedEntry[],
  about: Kind = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const groups: Map<string, PackedEntry>[] = [];
  for (const entry of entries) {
    const known = groups.find((group) => !group.has(entry.actionId));
    const group = known ?? new Map<string, PackedEntry>();
    if (known === undefined) groups.push(group);
    group.set(entry.actionId, entry);
  }
  const made = groups.map((group) => segmentOf([...group.values()]));
  const refs = made.map(({ segment }) => refOf(segment));
  return await recordOfSegments(refs, about, made);
}

/** A record of these segments. `made`: those that are inline. */
export async function recordOfSegments(
  segments: readonly SegmentRef[],
  { kind = "run", about = {} }: Kind = {},
  made: readonly NewSegment[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const inline = new Map(made.map(({ segment, bytes }) => [segment.id, bytes]));
  return await formatRunRecord({ kind, about, segments: [...segments] }, inline);
}

export function refOf({ id, rows }: Segment, ref: Partial<SegmentRef> = {}): SegmentRef {
  return { id, rows, prefix: "", isInline: true, used: undefined, ...ref };
}

/** The entries that a record uses of its inline segments, in the order of the segments' rows. */
export function inlineEntries(object: Uint8Array<ArrayBuffer>): PackedEntry[] {
  const { segments } = parseRunRecord(object);
  const inline = inlineSegments(object, segments);
  return segments.flatMap(({ id, rows, used }) => {
    const bytes = inline.get(id);
    if (bytes === undefined) return [];
    const wanted = Array.from({ length: rows }, (_, row) => row).filter((row) => used?.has(row) ?? true);
    return [...newSegment(bytes).segment.entries(wanted)].map(([, entry]) => entry);
  });
}

/** A group with these entries, all used. */
export function groupOf(...entries: readonly PackedEntry[]): EntryGroup {
  const { segment } = segmentOf(entries);
  return { segments: [{ segment, prefix: "", isInline: true, used: undefined }] };
}

/** All entries of a group that its run used, in the order of the segments' rows. */
export function entriesIn({ segments }: EntryGroup): PackedEntry[] {
  return segments.flatMap(({ segment, used = RowSet.all(segment.rows) }) =>
    [...segment.entries(used.list())].map(([, entry]) => entry),
  );
}

export function planOf(...entries: readonly PackedEntry[]): PrefetchPlan {
  return new PrefetchPlan(groupOf(...entries).segments);
}

export function byAction(entries: readonly PackedEntry[]): PackedEntry[] {
  return entries.toSorted((a, b) => (a.actionId < b.actionId ? -1 : 1));
}
