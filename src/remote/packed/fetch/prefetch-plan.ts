import type { PackedEntry } from "../format/entry.ts";
import type { NamedSegment, Row } from "../format/named-segment.ts";

/**
 * What to prefetch: the entries that a run used, a pack at a time, in the order of first use. Reads a segment when its
 * turn comes, so a plan of a million entries needs little memory.
 */
export class PrefetchPlan {
  /** The next ones last. */
  readonly #waiting: NamedSegment[];
  /** Those that are read, by segment id. */
  readonly #reading = new Map<string, SegmentPlan>();

  constructor(segments: readonly NamedSegment[]) {
    this.#waiting = segments.toReversed();
  }

  /** The entries of the next pack; `undefined`: nothing is left. */
  next(): PackedEntry[] | undefined {
    for (;;) {
      for (const [id, plan] of this.#reading) {
        const entries = plan.next();
        if (entries !== undefined) return entries;
        this.#reading.delete(id);
      }
      const named = this.#waiting.pop();
      if (named === undefined) return undefined;
      this.#read(named);
    }
  }

  /**
   * The entries of the pack of this row that the run used, unless they were returned before. The rest of its segment is
   * next then.
   */
  take({ named, row }: Row): PackedEntry[] {
    const { id } = named.segment;
    const at = this.#waiting.findIndex(({ segment }) => segment.id === id);
    if (at !== -1) this.#read(...(this.#waiting.splice(at, 1) as [NamedSegment]));
    return this.#reading.get(id)?.take(row) ?? [];
  }

  #read(named: NamedSegment): void {
    try {
      this.#reading.set(named.segment.id, new SegmentPlan(named));
    } catch {
      // Its file has gone. A lookup finds that, too.
    }
  }
}

/** The same for entries that are known, however many runs they are of. */
export function planOf(entries: readonly PackedEntry[]): Pick<PrefetchPlan, "next"> {
  const packs = Map.groupBy(entries, ({ place }) => place?.pack.id).values();
  return { next: () => packs.next().value };
}

/** The rows of a pack: a part of a `SegmentPlan`'s list. */
interface PackRows {
  start: number;
  end: number;
  isTaken: boolean;
}

/** The used rows of one segment, by pack. */
class SegmentPlan {
  readonly #named: NamedSegment;
  /** By pack and offset. */
  readonly #rows: Uint16Array;
  /** For each pack the index of its first row, and the index after its last. */
  readonly #packs: PackRows[] = [];
  /** The index of each row's pack. */
  readonly #packOf: Uint16Array;
  #next = 0;

  constructor(named: NamedSegment) {
    this.#named = named;
    const { rows, packOf } = named.segment.fetchOrder();
    this.#rows = rows;
    this.#packOf = new Uint16Array(rows.length);
    for (let start = 0; start < rows.length; ) {
      const pack = packOf(rows[start] as number);
      let end = start + 1;
      while (end < rows.length && packOf(rows[end] as number) === pack) end++;
      for (const row of rows.subarray(start, end)) this.#packOf[row] = this.#packs.length;
      this.#packs.push({ start, end, isTaken: false });
      start = end;
    }
  }

  next(): PackedEntry[] | undefined {
    for (; this.#next < this.#packs.length; this.#next++) {
      const entries = this.#take(this.#packs[this.#next]);
      if (entries.length > 0) return entries;
    }
    return undefined;
  }

  take(row: number): PackedEntry[] {
    return this.#take(this.#packs[this.#packOf[row] ?? 0]);
  }

  #take(pack: PackRows | undefined): PackedEntry[] {
    if (pack === undefined || pack.isTaken) return [];
    pack.isTaken = true;
    const { segment, used } = this.#named;
    const rows = this.#rows.subarray(pack.start, pack.end).filter((row) => used?.has(row) ?? true);
    try {
      return [...segment.entries(rows)].map(([, entry]) => entry);
    } catch {
      return [];
    }
  }
}
