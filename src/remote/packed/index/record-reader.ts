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

/** A record's entries, and until when its signature counts. */
interface ReadGroup {
  group: EntryGroup;
  untilMs: number;
}

/** Brings records from the bucket, or from this machine's copies, as groups of entries. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #now: () => number;
  /** Parsed once, so that a group stays the same object. */
  readonly #groups = new Map<string, ReadGroup>();
  /** Heads by the key and the size of what they are a copy of. */
  readonly #heads = new Map<string, ReadGroup & { bytes: Uint8Array<ArrayBuffer> }>();

  constructor(options: RecordReaderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The groups of records that are copied on this machine; others are passed over. */
  local(refs: RecordRef[]): EntryGroup[] {
    return refs.flatMap((ref) => {
      const known = this.#groups.get(nameOf(ref));
      // Whoever lives long outlives signatures.
      if (known !== undefined) return known.untilMs > this.#now() ? [known.group] : [];
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

  /** Forgets all but these. */
  keepOnly(refs: RecordRef[]): void {
    const kept = new Set(refs.map(nameOf));
    for (const name of this.#groups.keys()) if (!kept.has(name)) this.#groups.delete(name);
    this.#heads.clear();
  }

  /**
   * Reads the newest record of one job where a copy of it lies, without knowing of any; `undefined`: there is none.
   * When a listing names a record of that key and size, it counts as read. `folder`: where the job's records lie.
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
    // Removed since it was listed, or larger than it was.
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return;
    counters.add("records_read");
    // Only what can be read is worth keeping.
    if (this.#parse(ref, bytes).length > 0) cache.write(ref, bytes);
  }

  #parse(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): EntryGroup[] {
    const parsed = this.#tryParse(ref.key, bytes);
    if (parsed === undefined) return [];
    this.#groups.set(nameOf(ref), parsed);
    return [parsed.group];
  }

  /** `folder`: this is a copy of a record there, and signed as that. */
  #tryParse(key: string, bytes: Uint8Array<ArrayBuffer>, folder?: string) {
    const { check, counters, log } = this.#options;
    try {
      const { about, entries } = parseRunRecord(bytes);
      const { key: original = "" } = about;
      const signedKey = folder === undefined ? key : original;
      const verdict = check && judge(() => check.check(signedKey, bytes));
      if (verdict?.reason !== undefined || (check !== undefined && !isIn(signedKey, folder))) {
        counters.add("records_refused");
        log.info(() => `record ${key} is not trusted: ${verdict?.reason ?? "it is of another job"}`);
        return undefined;
      }
      this.#options.compileTimes?.learn(parseCompileTimes(about, entries));
      return { about, group: { entries }, untilMs: verdict?.untilMs ?? Number.POSITIVE_INFINITY };
    } catch (error) {
      counters.add("records_bad");
      log.info(() => `record ${key} is not used: ${describeError(error)}`);
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
  /** `undefined`: every record counts. */
  check?: RecordCheck | undefined;
  /** Told of what records say. */
  compileTimes?: CompileTimes | undefined;
  counters: Counters;
  log: Logger;
  now?: () => number;
}
