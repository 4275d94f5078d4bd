import type { PackedEntry, Place } from "../format/entry.ts";
import type { NamedSegment, Row } from "../format/named-segment.ts";
import type { Segment } from "../format/segment.ts";

/** The entries of one record, used by one run or added by one session. A build that needs one mostly needs the others. */
export interface EntryGroup {
  /** The newest additions last. */
  segments: NamedSegment[];
}

interface FoundRow {
  row: Row;
  group: EntryGroup;
}

/** An entry, and the newest group that contains it. */
export interface IndexedEntry {
  entry: PackedEntry;
  group: EntryGroup;
  row: Row;
}

/** Indexes the entries of all records read so far. A lookup returns the first location added that is trusted. */
export class PackedIndex {
  readonly #segments = new Map<string, { named: NamedSegment; group: EntryGroup }>();
  readonly distrustedPacks: Set<string>;
  readonly #onUnreadable: (segmentId: string) => void;

  /**
   * `distrustedPacks`: ids of packs that are gone or have other bytes; the caller updates the set. Calls `onUnreadable`
   * with the id of a segment whose bytes can't be read any more; the index has forgotten it then.
   */
  constructor(
    distrustedPacks: Set<string> = new Set(),
    onUnreadable: (segmentId: string) => void = () => {},
  ) {
    this.distrustedPacks = distrustedPacks;
    this.#onUnreadable = onUnreadable;
  }

  /** Callers add groups from the newest to the oldest. */
  add(group: EntryGroup): void {
    for (const named of group.segments.toReversed()) {
      const { id } = named.segment;
      if (!this.#segments.has(id)) this.#segments.set(id, { named, group });
    }
  }

  /** The number of entries; one that several segments have counts for each. */
  get rows(): number {
    return this.#segments.values().reduce((sum, { named }) => sum + named.segment.rows, 0);
  }

  /** `undefined`: no segment contains the action, or only distrusted packs hold its output. */
  find(actionId: string): IndexedEntry | undefined {
    for (const { row, group } of this.#rowsOf(actionId)) {
      const entry = this.#read(row.named.segment, (segment) => segment.entry(row.row));
      if (entry !== undefined && this.isTrusted(entry.place)) return { entry, group, row };
    }
    return undefined;
  }

  /** The newest row of an action, whether its pack is trusted or not. */
  findRow(actionId: string): Row | undefined {
    for (const { row } of this.#rowsOf(actionId)) return row;
    return undefined;
  }

  /** A trusted location of an output, for any action; one that a run uses, if there is one. */
  findPlace(outputId: string): Place | undefined {
    let unused: Place | undefined;
    for (const { named } of this.#segments.values()) {
      const found = this.#read(named.segment, () => this.#placeIn(named, outputId));
      if (found?.isUsed === true) return found.place;
      unused ??= found?.place;
    }
    return unused;
  }

  /** Whether the pack of this location is trusted. */
  isTrusted(place: Place | undefined): boolean {
    return place === undefined || !this.distrustedPacks.has(place.pack.id);
  }

  /** Reads no further than a row that the run uses: thousands of actions may have the same output. */
  #placeIn({ segment, used }: NamedSegment, outputId: string): { place: Place; isUsed: boolean } | undefined {
    let unused: Place | undefined;
    for (const row of segment.rowsOfOutput(outputId)) {
      const place = segment.entry(row)?.place;
      if (place === undefined || !this.isTrusted(place)) continue;
      if (used?.has(row) !== false) return { place, isUsed: true };
      unused ??= place;
    }
    return unused && { place: unused, isUsed: false };
  }

  /** Rows that a run names and has not used come last: their entries may have moved to another pack. */
  *#rowsOf(actionId: string): Generator<FoundRow, void, void> {
    const unused: FoundRow[] = [];
    for (const { named, group } of this.#segments.values()) {
      const row = this.#read(named.segment, (segment) => segment.findAction(actionId));
      if (row === undefined) continue;
      const found = { row: { named, row }, group };
      if (named.used?.has(row) === false) unused.push(found);
      else yield found;
    }
    yield* unused;
  }

  #read<T>(segment: Segment, read: (segment: Segment) => T): T | undefined {
    try {
      return read(segment);
    } catch {
      this.#segments.delete(segment.id);
      this.#onUnreadable(segment.id);
      return undefined;
    }
  }
}
