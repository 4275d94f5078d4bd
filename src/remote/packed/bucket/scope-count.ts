import { IdTable } from "../../../lib/id-table.ts";
import type { PackedEntry } from "../format/entry.ts";

/** Bytes of frames in packs, each counted once however many records name it. */
class FrameSum {
  readonly #seen = new IdTable();
  bytes = 0;

  add(packId: string, offset: number, length: number): void {
    if (this.#seen.set(packId, 1, offset) === 0) this.bytes += length;
  }
}

/** What the records of one run name. */
export interface Counts {
  entries: number;
  packs: number;
  packBytes: number;
  /** Bytes of those packs that the run uses. */
  wantedBytes: number;
}

/** Counts scope by scope, and holds the ids of no more than one. */
export class ScopeCounts {
  /** Over all scopes. */
  readonly total = new FrameSum();
  readonly #finished = new Map<string, Counts>();
  #scope: string | undefined;
  #current = new ScopeCount();

  /** Records of one scope come one after the other. */
  add(scope: string, entries: readonly PackedEntry[]): void {
    if (scope !== this.#scope) {
      this.#finish();
      this.#scope = scope;
    }
    this.#current.add(entries, this.total);
  }

  /** All scopes that were added. */
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
      wantedBytes: this.#frames.bytes,
    };
  }
}
