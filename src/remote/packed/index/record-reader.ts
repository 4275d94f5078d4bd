import type { Counters } from "../../../lib/counters.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { readSmallBytes } from "../../../store/read-small-object.ts";
import { signedKeyIn } from "../format/record-parts.ts";
import type { RecordCheck } from "../format/record-trust.ts";
import { MAX_RECORD_BYTES, parseRunRecord, type RunRecord } from "../format/run-record.ts";
import type { EntryGroup } from "./packed-index.ts";
import type { RecordCache, RecordRef } from "./record-cache.ts";
import type { SegmentSource } from "./segment-source.ts";

/** A record with the segments that are on the local disk; its signature expires at `untilMs`. */
interface ReadRecord {
  record: RunRecord;
  group: EntryGroup;
  untilMs: number;
}

/** Reads records and their segments from the bucket or from the local copies, as groups of entries. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #now: () => number;
  /** Each record is parsed once, so its group stays the same object. */
  readonly #records = new Map<string, ReadRecord>();
  /** Heads by the key and size of the record that they are a copy of. */
  readonly #heads = new Map<string, ReadRecord & { bytes: Uint8Array<ArrayBuffer> }>();

  constructor(options: RecordReaderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Returns the groups of the records with a local copy and skips the others. */
  local(refs: RecordRef[]): EntryGroup[] {
    return refs.flatMap((ref) => {
      const known = this.#known(ref);
      // A long-lived process may outlive a signature.
      return known !== undefined && known.untilMs > this.#now() ? [known.group] : [];
    });
  }

  /** Fetches what is missing of the records and their segments. Rejects if a request fails. */
  async fetch(refs: RecordRef[], signal: AbortSignal): Promise<void> {
    await Promise.all(refs.map((ref) => this.#fetchOne(ref, signal)));
  }

  /** Drops all other records from memory. */
  keepOnly(refs: RecordRef[]): void {
    const kept = new Set(refs.map(nameOf));
    for (const name of this.#records.keys()) if (!kept.has(name)) this.#records.delete(name);
    this.#heads.clear();
  }

  /**
   * Reads a job's head: the copy of its newest record at a fixed key. `undefined`: there is no usable head. `fetch`
   * does not read a listed record again if a head has its key and size. `folder`: the folder of the job's records.
   */
  async fetchHead(key: string, folder: string, signal: AbortSignal): Promise<EntryGroup | undefined> {
    const bytes = await readSmallBytes(this.#options.store, key, MAX_RECORD_BYTES, signal);
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return undefined;
    const parsed = this.#tryParse(key, bytes, signedKeyIn(folder, bytes));
    if (parsed === undefined) return undefined;
    this.#options.counters.add("records_read");
    this.#heads.set(`${parsed.record.about.key}\n${bytes.length}`, { ...parsed, bytes });
    return await this.#completed(parsed, signal);
  }

  /** `undefined`: there is no local copy, or it can't be used. */
  #known(ref: RecordRef): ReadRecord | undefined {
    const known = this.#records.get(nameOf(ref));
    if (known !== undefined) return known;
    const bytes = this.#options.cache.read(ref);
    return bytes && this.#parse(ref, bytes);
  }

  async #fetchOne(ref: RecordRef, signal: AbortSignal): Promise<void> {
    const read = this.#known(ref) ?? this.#fromHead(ref) ?? (await this.#fetchRecord(ref, signal));
    if (read !== undefined) await this.#completed(read, signal);
  }

  #fromHead(ref: RecordRef): ReadRecord | undefined {
    const head = this.#heads.get(`${ref.key}\n${ref.sizeBytes}`);
    if (head === undefined) return undefined;
    this.#records.set(nameOf(ref), head);
    this.#options.cache.write(ref, head.bytes);
    return head;
  }

  async #fetchRecord(ref: RecordRef, signal: AbortSignal): Promise<ReadRecord | undefined> {
    const { store, cache, counters } = this.#options;
    const bytes = await readSmallBytes(store, ref.key, MAX_RECORD_BYTES, signal);
    // The record was removed or replaced by a larger one after the listing.
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return undefined;
    counters.add("records_read");
    const read = this.#parse(ref, bytes);
    // Only a valid record is worth a copy.
    if (read !== undefined) cache.write(ref, bytes);
    return read;
  }

  /** Fetches the segments that are not on the local disk. */
  async #completed(read: ReadRecord, signal: AbortSignal): Promise<EntryGroup> {
    const { segments } = this.#options;
    if (!segments.isWhole(read.record)) {
      await segments.fetchMissing(read.record, signal);
      read.group.segments = segments.group(read.record).segments;
    }
    return read.group;
  }

  #parse(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): ReadRecord | undefined {
    const parsed = this.#tryParse(ref.key, bytes);
    if (parsed !== undefined) this.#records.set(nameOf(ref), parsed);
    return parsed;
  }

  /** Nothing is parsed whose signature does not count. `signedKey`: the object key that it has to be signed for. */
  #tryParse(key: string, bytes: Uint8Array<ArrayBuffer>, signedKey = key): ReadRecord | undefined {
    const { check, segments, counters, log } = this.#options;
    let untilMs = Number.POSITIVE_INFINITY;
    try {
      if (check !== undefined) untilMs = check.check(signedKey, bytes);
    } catch (error) {
      counters.add("records_refused");
      log.info(() => `record ${key} ignored: not trusted: ${describeError(error)}`);
      return undefined;
    }
    try {
      const record = segments.read(parseRunRecord(bytes));
      segments.saveInline(record, bytes);
      return { record, group: segments.group(record), untilMs };
    } catch (error) {
      counters.add("records_bad");
      log.info(() => `record ${key} ignored: ${describeError(error)}`);
      return undefined;
    }
  }
}

function nameOf({ key, etag }: RecordRef): string {
  return `${key}\n${etag}`;
}

export interface RecordReaderOptions {
  store: ObjectStore;
  cache: Pick<RecordCache, "read" | "write">;
  segments: SegmentSource;
  /** `undefined`: accepts every record. */
  check?: RecordCheck | undefined;
  counters: Counters;
  log: Logger;
  now?: () => number;
}
