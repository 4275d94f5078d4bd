import { Semaphore } from "../../../lib/async/semaphore.ts";
import { SingleFlight } from "../../../lib/async/single-flight.ts";
import type { Counters } from "../../../lib/counters.ts";
import { Garbage } from "../../../lib/garbage.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { readSmallBytes } from "../../../store/read-small-object.ts";
import { PackedKeys } from "../format/keys.ts";
import type { NamedSegment } from "../format/named-segment.ts";
import { inlineSegments, type RunRecord, type SegmentRef } from "../format/run-record.ts";
import { unpackSegment } from "../format/segment-builder.ts";
import { MAX_SEGMENT_BYTES } from "../format/segment-layout.ts";
import type { EntryGroup } from "./packed-index.ts";
import type { SegmentFiles } from "./segment-files.ts";

/** Each takes up to 10 MB of memory until it is on the disk. */
const MAX_AT_ONCE = 4;

/** Those of the named segments that are on the local disk. */
export function openGroup(refs: readonly SegmentRef[], files: Pick<SegmentFiles, "open">): EntryGroup {
  const segments = refs.flatMap(({ id, rows, prefix, isInline, used }) => {
    const segment = files.open(id);
    // A record that claims another number of rows would use its set of rows wrongly.
    return segment?.rows === rows ? [{ segment, prefix, isInline, used }] : [];
  });
  return { segments };
}

/** Opens the segments that records name: from the local disk, from the record's object, or from the bucket. */
export class SegmentSource {
  readonly #options: SegmentSourceOptions;
  readonly #fetches = new SingleFlight<void>();
  readonly #atOnce = new Semaphore(MAX_AT_ONCE);
  readonly #garbage = new Garbage();

  constructor(options: SegmentSourceOptions) {
    this.#options = options;
  }

  /** Without the segments below prefixes that are not read: a record may name any of the bucket. */
  read(record: RunRecord): RunRecord {
    const { files, counters, log } = this.#options;
    const isRead = ({ id, prefix, isInline }: SegmentRef) => {
      if (isInline || files.isRead(prefix)) return true;
      counters.add("prefixes_refused");
      log.info(() => `segment ${new PackedKeys(prefix).segment(id)} ignored: its prefix is not read`);
      return false;
    };
    return { ...record, segments: record.segments.filter(isRead) };
  }

  /** The segments on the local disk. One that the record names more than once counts once. */
  group({ segments }: RunRecord): EntryGroup {
    const distinct = new Map(segments.toReversed().map((ref) => [ref.id, ref])).values();
    return openGroup([...distinct].toReversed(), this.#options.files);
  }

  /** Whether all segments are on the local disk. */
  isWhole({ segments }: RunRecord): boolean {
    return segments.every((ref) => this.#open(ref).length > 0);
  }

  /**
   * Saves the inline segments. Throws if one is missing or has another hash.
   * `object`: the record's object.
   */
  saveInline({ segments }: RunRecord, object: Uint8Array<ArrayBuffer>): void {
    if (!segments.some((ref) => ref.isInline && this.#open(ref).length === 0)) return;
    for (const [id, bytes] of inlineSegments(object, segments)) this.#save(id, bytes);
  }

  /** Fetches the segments that are not on the local disk. Those that are gone or damaged stay absent. Rejects if a
   * request fails. */
  async fetchMissing({ segments }: RunRecord, signal: AbortSignal): Promise<void> {
    const missing = segments.filter((ref) => !ref.isInline && this.#open(ref).length === 0);
    const fetch = (ref: SegmentRef) => this.#atOnce.run(() => this.#fetch(ref, signal));
    await Promise.all(missing.map((ref) => this.#fetches.run(ref.id, () => fetch(ref))));
  }

  #open(ref: SegmentRef): NamedSegment[] {
    return openGroup([ref], this.#options.files).segments;
  }

  #save(id: string, bytes: Buffer<ArrayBuffer>): void {
    const { files, counters, log } = this.#options;
    if (!files.save(id, bytes).isPartlyRefused) return;
    counters.add("prefixes_refused");
    log.info(() => `segment ${id} used in part: it names packs below prefixes that are not read`);
  }

  async #fetch({ id, prefix }: SegmentRef, signal: AbortSignal): Promise<void> {
    const { store, counters, log } = this.#options;
    const key = new PackedKeys(prefix).segment(id);
    const object = await readSmallBytes(store, key, MAX_SEGMENT_BYTES, signal);
    if (object === undefined) {
      counters.add("segments_gone");
      log.info(() => `segment ${key} is gone`);
      return;
    }
    try {
      const bytes = unpackSegment(object, id);
      this.#save(id, bytes);
      this.#garbage.release(object.length + bytes.length);
      counters.add("segments_read");
    } catch (error) {
      counters.add("segments_bad");
      log.info(() => `segment ${key} ignored: ${describeError(error)}`);
    }
  }
}

export interface SegmentSourceOptions {
  store: ObjectStore;
  files: Pick<SegmentFiles, "open" | "save" | "isRead">;
  counters: Counters;
  log: Logger;
}
