import { NumberSet } from "../../../../lib/number-set.ts";
import type { RowSet } from "../../format/row-set.ts";
import type { PackTable, SegmentFacts } from "./segment-facts.ts";

/** Sums the bytes of frames in packs. Counts each frame once, even if several segments name it. */
class FrameSum {
  readonly #seen = new NumberSet();
  bytes = 0;

  /** `frame`: a number for its pack and offset. */
  add(frame: number, length: number): void {
    if (this.#seen.add(frame)) this.bytes += length;
  }

  clear(): void {
    this.#seen.clear();
    this.bytes = 0;
  }
}

/** Counts of the entries that runs used. */
export interface Counts {
  entries: number;
  packs: number;
  packBytes: number;
  /** The bytes in those packs that the runs use. */
  usedBytes: number;
}

/** Counts scope by scope. Keeps the entries of only one scope in memory, besides the frames of the total. */
export class ScopeCounts {
  /** Over all scopes. */
  readonly total = new FrameSum();
  readonly #finished = new Map<string, Counts>();
  #scope: string | undefined;
  readonly #current: ScopeCount;

  constructor(packs: PackTable) {
    this.#current = new ScopeCount(packs);
  }

  /** Adds the used rows of a segment. Callers add all segments of a scope before those of the next. */
  add(scope: string, facts: SegmentFacts, used: RowSet | undefined): void {
    if (scope !== this.#scope) {
      this.#finish();
      this.#scope = scope;
    }
    this.#current.add(facts, used, this.total);
  }

  /** Returns the counts of all scopes. */
  finish(): ReadonlyMap<string, Counts> {
    this.#finish();
    return this.#finished;
  }

  #finish(): void {
    if (this.#scope !== undefined) this.#finished.set(this.#scope, this.#current.takeCounts());
  }
}

class ScopeCount {
  readonly #table: PackTable;
  readonly #actions = new NumberSet();
  readonly #packs = new NumberSet();
  readonly #frames = new FrameSum();
  #packBytes = 0;

  constructor(table: PackTable) {
    this.#table = table;
  }

  add({ actions, packs, offsets, lengths }: SegmentFacts, used: RowSet | undefined, total: FrameSum): void {
    for (let row = 0; row < actions.length; row++) {
      const action = actions[row] ?? -1;
      if (action < 0 || used?.has(row) === false) continue;
      this.#actions.add(action);
      const pack = packs[row] ?? 0;
      if (pack === 0) continue;
      if (this.#packs.add(pack)) this.#packBytes += this.#table.sizeOf(pack);
      const frame = pack * 2 ** 32 + (offsets[row] ?? 0);
      const length = lengths[row] ?? 0;
      this.#frames.add(frame, length);
      total.add(frame, length);
    }
  }

  /** The counts so far; those of the next scope begin with nothing. */
  takeCounts(): Counts {
    const counts = {
      entries: this.#actions.size,
      packs: this.#packs.size,
      packBytes: this.#packBytes,
      usedBytes: this.#frames.bytes,
    };
    for (const set of [this.#actions, this.#packs, this.#frames]) set.clear();
    this.#packBytes = 0;
    return counts;
  }
}
