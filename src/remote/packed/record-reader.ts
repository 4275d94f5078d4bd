import type { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/describe-error.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readSmallBytes } from "../../store/read-small-object.ts";
import type { EntryGroup } from "./packed-index.ts";
import type { RecordCache, RecordRef } from "./record-cache.ts";
import { MAX_RECORD_BYTES, parseRunRecord } from "./run-record.ts";

/** Brings records from the bucket, or from this machine's copies, as groups of entries. */
export class RecordReader {
  readonly #options: { store: ObjectStore; cache: RecordCache; counters: Counters; log: Logger };
  /** Parsed once a session, so that a group stays the same object. */
  readonly #groups = new Map<string, EntryGroup>();

  constructor(options: { store: ObjectStore; cache: RecordCache; counters: Counters; log: Logger }) {
    this.#options = options;
  }

  /** The groups of records that are copied on this machine; others are passed over. */
  local(refs: RecordRef[]): EntryGroup[] {
    return refs.flatMap((ref) => {
      const known = this.#groups.get(nameOf(ref));
      if (known !== undefined) return [known];
      const bytes = this.#options.cache.read(ref);
      return bytes === undefined ? [] : this.#parse(ref, bytes);
    });
  }

  /** Copies the records that are not on this machine yet. Rejects when one can't be had. */
  async fetch(refs: RecordRef[], signal: AbortSignal): Promise<void> {
    const { cache } = this.#options;
    const missing = refs.filter((ref) => !this.#groups.has(nameOf(ref)) && cache.read(ref) === undefined);
    await Promise.all(missing.map((ref) => this.#fetchOne(ref, signal)));
  }

  async #fetchOne(ref: RecordRef, signal: AbortSignal): Promise<void> {
    const { store, cache, counters } = this.#options;
    const bytes = await readSmallBytes(store, ref.key, MAX_RECORD_BYTES, signal);
    // Removed since it was listed, or larger than it was.
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return;
    counters.add("records_read");
    // Only what can be read is worth keeping.
    if (this.#parse(ref, bytes).length > 0) cache.write(ref, bytes);
  }

  #parse(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): EntryGroup[] {
    try {
      const group = { entries: parseRunRecord(bytes).entries };
      this.#groups.set(nameOf(ref), group);
      return [group];
    } catch (error) {
      this.#options.counters.add("records_bad");
      this.#options.log.info(() => `record ${ref.key} is not used: ${describeError(error)}`);
      return [];
    }
  }
}

function nameOf({ key, etag }: RecordRef): string {
  return `${key}\n${etag}`;
}
