import { IdTable } from "../../../lib/id-table.ts";
import type { PackedEntry } from "../format/entry.ts";

/** Sums the bytes of frames in packs. Counts each frame once, even if several records reference it. */
class FrameSum {
  readonly #seen = new IdTable();
  bytes = 0;

  add(packId: string, offset: number, length: number): void {
    if (this.#seen.set(packId, 1, offset) === 0) this.bytes += length;
  }
}

/** Counts of the entries in the records of one run. */
export interface Counts {
  entries: number;
  packs: number;
  packBytes: number;
  /** The bytes in those packs that the run uses. */
  usedBytes: number;
}

/** Counts scope by scope. Keeps the ids of only one scope in memory, besides the frames of the total. */
export class ScopeCounts {
  /** Over all scopes. */
  readonly total = new FrameSum();
  readonly #finished = new Map<string, Counts>();
  #scope: string | undefined;
  #current = new ScopeCount();

  /** Callers add all records of a scope before those of the next. */
  add(scope: string, entries: readonly PackedEntry[]): void {
    if (scope !== this.#scope) {
      this.#finish();
      this.#scope = scope;
    }
    this.#current.add(entries, this.total);
  }

  /** Returns the counts of all scopes. */
  finish(): ReadonlyMap<string, Counts> {
    this.#finish();
    return this.#finished;
  }

  #finish(): void {
    if (this.#scope !== undefined) this.#finished.set(this.#scope, this.#current.counts());
    this.#current = new ScopeCount();
  }
}

class ScopeCount {
  readonly #actions = new IdTable();
  readonly #packs = new IdTable();
  readonly #frames = new FrameSum();
  #packBytes = 0;

  add(entries: readonly PackedEntry[], total: FrameSum): void {
    for (const { actionId, place } of entries) {
      this.#actions.set(actionId);
      if (place === undefined) continue;
      const { pack, offset, length } = place;
      if (this.#packs.set(pack.id) === 0) this.#packBytes += pack.sizeBytes;
      this.#frames.add(pack.id, offset, length);
      total.add(pack.id, offset, length);
    }
  }

  counts(): Counts {
    return {
      entries: this.#actions.size,
      packs: this.#packs.size,
      packBytes: this.#packBytes,
      usedBytes: this.#frames.bytes,
    };
  }
}
