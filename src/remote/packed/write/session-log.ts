import type { LocalEntry } from "../../../buildcache/entry.ts";

/** An entry that a session used or put, with its output on the local disk. */
export interface SessionEntry extends LocalEntry {
  /** Made by this session, or left by a helper that died: others may not know it yet. */
  isNew: boolean;
}

/** What a session used and put, in the order of first use; an action put again counts with its new output. */
export class SessionLog {
  readonly #entries = new Map<string, SessionEntry>();
  #newsCount = 0;

  add(entry: SessionEntry): void {
    const known = this.#entries.get(entry.actionId);
    const isNew = entry.isNew || (known?.isNew === true && known.outputId === entry.outputId);
    this.#entries.set(entry.actionId, { ...entry, isNew });
    this.#newsCount += Number(isNew) - Number(known?.isNew ?? false);
  }

  /** How many actions there are. */
  get size(): number {
    return this.#entries.size;
  }

  get entries(): SessionEntry[] {
    return [...this.#entries.values()];
  }

  /** How many of them others may not know yet. */
  get newsCount(): number {
    return this.#newsCount;
  }

  /** These are in the bucket, so they are not new any more, unless they were put again since. */
  markPublished(entries: SessionEntry[]): void {
    for (const entry of entries) {
      if (this.#entries.get(entry.actionId) === entry) {
        this.#entries.set(entry.actionId, { ...entry, isNew: false });
        this.#newsCount -= Number(entry.isNew);
      }
    }
  }
}
