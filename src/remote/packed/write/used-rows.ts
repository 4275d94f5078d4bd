import { IdList } from "../../../lib/id-list.ts";
import type { NamedSegment, Row } from "../format/named-segment.ts";
import { RowSet } from "../format/row-set.ts";
import type { Segment } from "../format/segment.ts";
import type { PackedIndex } from "../index/packed-index.ts";

/** 64 MB. What follows while the bucket can't be read is not recorded as used. */
const MAX_WAITING = 2_000_000;
/** Actions that are looked up between go's requests. */
const AT_ONCE = 500;

/** A segment with the rows that were used. */
export type UsedSegment = NamedSegment & { used: RowSet };

/** What a session used: actions at first, then rows of segments. */
export class UsedRows {
  #waiting = new IdList();
  #segments = new Map<string, UsedSegment>();
  /** What the run's log has of these. It may have moved since, to another segment. */
  readonly #recorded = new Map<string, UsedSegment>();
  /** The ids of those that this session has added to the run's log. */
  readonly #logged = new Set<string>();
  readonly #open: (segmentId: string) => Segment | undefined;

  /** `open`: opens a segment on the local disk. */
  constructor(open: (segmentId: string) => Segment | undefined) {
    this.#open = open;
  }

  add(actionId: string): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.push(actionId);
  }

  /** Notes that all entries of a segment in the run's log are in use. */
  addAll(segmentId: string): void {
    this.#logged.add(segmentId);
  }

  /** Removes the actions that were not looked up yet. */
  takeWaiting(): IdList {
    const waiting = this.#waiting;
    this.#waiting = new IdList();
    return waiting;
  }

  /** Those with rows that the run's log does not have. */
  get segments(): UsedSegment[] {
    return [...this.#segments.values()];
  }

  /** Notes that the run's log has all of these. */
  recorded(): void {
    for (const [id, named] of this.#segments) {
      const known = this.#recorded.get(id);
      if (known === undefined) this.#recorded.set(id, named);
      else known.used.addAll(named.used);
    }
    this.#segments = new Map();
  }

  /** Looks the actions up; calls `onUnknown` with those whose outputs the bucket lacks. */
  async resolve(index: PackedIndex, onUnknown: (actionId: string) => void): Promise<void> {
    let done = 0;
    for (const actionId of this.takeWaiting()) {
      const row = findRow(index, actionId);
      if (row === undefined) onUnknown(actionId);
      else this.#use(row);
      if (++done % AT_ONCE === 0) await new Promise(setImmediate);
    }
  }

  /** Forgets the rows whose packs are not trusted, and returns their actions to those to look up. */
  recheck(index: PackedIndex): void {
    const isSound = ({ packs }: Segment) => packs.every((pack) => !index.distrustedPacks.has(pack?.id ?? ""));
    for (const segments of [this.#segments, this.#recorded]) {
      for (const [id, { segment, used }] of segments) {
        if (isSound(segment)) continue;
        segments.delete(id);
        this.#addRows(segment, used);
      }
    }
    for (const id of this.#logged) {
      const segment = this.#open(id);
      if (segment === undefined || isSound(segment)) continue;
      this.#logged.delete(id);
      this.#addRows(segment, RowSet.all(segment.rows));
    }
  }

  #addRows(segment: Segment, rows: RowSet): void {
    for (const [, { actionId }] of segment.entries(rows.list())) this.add(actionId);
  }

  #use({ named, row }: Row): void {
    const { segment } = named;
    if (this.#recorded.get(segment.id)?.used.has(row)) return;
    const known = this.#segments.get(segment.id) ?? { ...named, used: RowSet.none(segment.rows) };
    known.used.add(row);
    this.#segments.set(segment.id, known);
  }
}

/** Looking at the pack as well takes twice as long, and is rarely necessary. */
function findRow(index: PackedIndex, actionId: string): Row | undefined {
  return index.distrustedPacks.size === 0 ? index.findRow(actionId) : index.find(actionId)?.row;
}
