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
  /** Heads by the key and the size of what they are a copy of. */
  readonly #heads = new Map<string, { bytes: Uint8Array; group: EntryGroup }>();

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
    // A copy that can't be read is none.
    const missing = refs.filter((ref) => this.local([ref]).length === 0);
    await Promise.all(missing.map((ref) => this.#fetchOne(ref, signal)));
  }

  /**
   * Reads the newest record of one job where a copy of it lies, without knowing of any; `undefined`: there is none.
   * When a listing names a record of that key and size, it counts as read.
   */
  async fetchHead(key: string, signal: AbortSignal): Promise<EntryGroup | undefined> {
    const bytes = await readSmallBytes(this.#options.store, key, MAX_RECORD_BYTES, signal);
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return undefined;
    const parsed = this.#tryParse(key, bytes);
    if (parsed === undefined) return undefined;
    this.#options.counters.add("records_read");
    this.#heads.set(`${parsed.about.key}\n${bytes.length}`, { bytes, group: parsed.group });
    return parsed.group;
  }

  async #fetchOne(ref: RecordRef, signal: AbortSignal): Promise<void> {
    const { store, cache, counters } = this.#options;
    const head = this.#heads.get(`${ref.key}\n${ref.sizeBytes}`);
    if (head !== undefined) {
      this.#groups.set(nameOf(ref), head.group);
      cache.write(ref, head.bytes);
      return;
    }
    const bytes = await readSmallBytes(store, ref.key, MAX_RECORD_BYTES, signal);
    // Removed since it was listed, or larger than it was.
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return;
    counters.add("records_read");
    // Only what can be read is worth keeping.
    if (this.#parse(ref, bytes).length > 0) cache.write(ref, bytes);
  }

  #parse(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): EntryGroup[] {
    const parsed = this.#tryParse(ref.key, bytes);
    if (parsed === undefined) return [];
    this.#groups.set(nameOf(ref), parsed.group);
    return [parsed.group];
  }

  #tryParse(key: string, bytes: Uint8Array<ArrayBuffer>) {
    try {
      const { about, entries } = parseRunRecord(bytes);
      return { about, group: { entries } };
    } catch (error) {
      this.#options.counters.add("records_bad");
      this.#options.log.info(() => `record ${key} is not used: ${describeError(error)}`);
      return undefined;
    }
  }
}

function nameOf({ key, etag }: RecordRef): string {
  return `${key}\n${etag}`;
}
