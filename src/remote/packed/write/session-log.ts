import type { LocalEntry } from "../../../buildcache/entry.ts";

/** An entry that a session used or put. Its output is on the local disk. */
export interface SessionEntry extends LocalEntry {
  /** The entry was put by this session or adopted, and is not published yet. */
  isNew: boolean;
}

/** The entries that a session used and put, in the order of first use. A repeated put replaces the action's entry. */
export class SessionLog {
  readonly #entries = new Map<string, SessionEntry>();
  #unpublishedCount = 0;

  add(entry: SessionEntry): void {
    const known = this.#entries.get(entry.actionId);
    const isNew = entry.isNew || (known?.isNew === true && known.outputId === entry.outputId);
    this.#entries.set(entry.actionId, { ...entry, isNew });
    this.#unpublishedCount += Number(isNew) - Number(known?.isNew ?? false);
  }

  /** The number of actions. */
  get size(): number {
    return this.#entries.size;
  }

  get entries(): SessionEntry[] {
    return [...this.#entries.values()];
  }

  /** The number of new entries. */
  get unpublishedCount(): number {
    return this.#unpublishedCount;
  }

  /** Marks entries as published. An entry that was put again in the meantime stays new. */
  markPublished(entries: SessionEntry[]): void {
    for (const entry of entries) {
      if (this.#entries.get(entry.actionId) === entry) {
        this.#entries.set(entry.actionId, { ...entry, isNew: false });
        this.#unpublishedCount -= Number(entry.isNew);
      }
    }
  }
}
