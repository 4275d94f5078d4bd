import type { Counters } from "../../../lib/counters.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { readSmallBytes } from "../../../store/read-small-object.ts";
import { type CompileTimes, parseCompileTimes } from "../../compile-times.ts";
import type { RecordCheck } from "../format/record-trust.ts";
import { MAX_RECORD_BYTES, parseRunRecord } from "../format/run-record.ts";
import type { EntryGroup } from "./packed-index.ts";
import type { RecordCache, RecordRef } from "./record-cache.ts";

/** A record's entries; its signature expires at `untilMs`. */
interface ReadGroup {
  group: EntryGroup;
  untilMs: number;
}

/** Reads records from the bucket or from the local copies, as groups of entries. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #now: () => number;
  /** Each record is parsed once, so its group stays the same object. */
  readonly #groups = new Map<string, ReadGroup>();
  /** Heads by the key and size of the record that they are a copy of. */
  readonly #heads = new Map<string, ReadGroup & { bytes: Uint8Array<ArrayBuffer> }>();

  constructor(options: RecordReaderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Returns the groups of the records with a local copy and skips the others. */
  local(refs: RecordRef[]): EntryGroup[] {
    return refs.flatMap((ref) => {
      const known = this.#groups.get(nameOf(ref));
      // A long-lived process may outlive a signature.
      if (known !== undefined) return known.untilMs > this.#now() ? [known.group] : [];
      const bytes = this.#options.cache.read(ref);
      return bytes === undefined ? [] : this.#parse(ref, bytes);
    });
  }

  /** Fetches the records without a local copy. Rejects if a request fails. */
  async fetch(refs: RecordRef[], signal: AbortSignal): Promise<void> {
    // An unreadable copy counts as missing.
    const missing = refs.filter((ref) => this.local([ref]).length === 0);
    await Promise.all(missing.map((ref) => this.#fetchOne(ref, signal)));
  }

  /** Drops all other records from memory. */
  keepOnly(refs: RecordRef[]): void {
    const kept = new Set(refs.map(nameOf));
    for (const name of this.#groups.keys()) if (!kept.has(name)) this.#groups.delete(name);
    this.#heads.clear();
  }

  /**
   * Reads a job's head: the copy of its newest record at a fixed key. `undefined`: there is no usable head. `fetch`
   * does not read a listed record again if a head has its key and size. `folder`: the folder of the job's records.
   */
  async fetchHead(key: string, folder: string, signal: AbortSignal): Promise<EntryGroup | undefined> {
    const bytes = await readSmallBytes(this.#options.store, key, MAX_RECORD_BYTES, signal);
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return undefined;
    const parsed = this.#tryParse(key, bytes, folder);
    if (parsed === undefined) return undefined;
    this.#options.counters.add("records_read");
    this.#heads.set(`${parsed.about.key}\n${bytes.length}`, { ...parsed, bytes });
    return parsed.group;
  }

  async #fetchOne(ref: RecordRef, signal: AbortSignal): Promise<void> {
    const { store, cache, counters } = this.#options;
    const head = this.#heads.get(`${ref.key}\n${ref.sizeBytes}`);
    if (head !== undefined) {
      this.#groups.set(nameOf(ref), head);
      cache.write(ref, head.bytes);
      return;
    }
    const bytes = await readSmallBytes(store, ref.key, MAX_RECORD_BYTES, signal);
    // The record was removed or replaced by a larger one after the listing.
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return;
    counters.add("records_read");
    // Only a valid record is worth a copy.
    if (this.#parse(ref, bytes).length > 0) cache.write(ref, bytes);
  }

  #parse(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): EntryGroup[] {
    const parsed = this.#tryParse(ref.key, bytes);
    if (parsed === undefined) return [];
    this.#groups.set(nameOf(ref), parsed);
    return [parsed.group];
  }

  /** `folder`: the bytes are a head, signed for the key of the original record in this folder. */
  #tryParse(key: string, bytes: Uint8Array<ArrayBuffer>, folder?: string) {
    const { check, counters, log } = this.#options;
    try {
      const { about, entries } = parseRunRecord(bytes);
      const { key: original = "" } = about;
      const signedKey = folder === undefined ? key : original;
      const verdict = check && judge(() => check.check(signedKey, bytes));
      if (verdict?.reason !== undefined || (check !== undefined && !isIn(signedKey, folder))) {
        counters.add("records_refused");
        log.info(() => `record ${key} ignored: not trusted: ${verdict?.reason ?? "belongs to another job"}`);
        return undefined;
      }
      this.#options.compileTimes?.learn(parseCompileTimes(about, entries));
      return { about, group: { entries }, untilMs: verdict?.untilMs ?? Number.POSITIVE_INFINITY };
    } catch (error) {
      counters.add("records_bad");
      log.info(() => `record ${key} ignored: ${describeError(error)}`);
      return undefined;
    }
  }
}

function judge(check: () => number): { reason?: string; untilMs?: number } {
  try {
    return { untilMs: check() };
  } catch (error) {
    return { reason: describeError(error) };
  }
}

function isIn(key: string, folder: string | undefined): boolean {
  return folder === undefined || (key.startsWith(folder) && !key.slice(folder.length).includes("/"));
}

function nameOf({ key, etag }: RecordRef): string {
  return `${key}\n${etag}`;
}

export interface RecordReaderOptions {
  store: ObjectStore;
  cache: RecordCache;
  /** `undefined`: accepts every record. */
  check?: RecordCheck | undefined;
  /** Learns the compile times in the records. */
  compileTimes?: CompileTimes | undefined;
  counters: Counters;
  log: Logger;
  now?: () => number;
}
