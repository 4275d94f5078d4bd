/** Predicts the hits of a scope's next run from the records that it would read. Writes nothing. */
import { mapAhead } from "../../../lib/async/map-ahead.ts";
import { IdTable } from "../../../lib/id-table.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { readSmallBytes } from "../../../store/read-small-object.ts";
import type { LocalOutputs } from "../../local-outputs.ts";
import type { Scope } from "../../scope/scope.ts";
import type { PackedEntry } from "../format/entry.ts";
import { PackedKeys, type PrefixTest, prefixTest } from "../format/keys.ts";
import type { RecordCheck } from "../format/record-trust.ts";
import { RowSet } from "../format/row-set.ts";
import { inlineSegments, MAX_RECORD_BYTES, parseRunRecord, type SegmentRef } from "../format/run-record.ts";
import { allRows, type Segment } from "../format/segment.ts";
import { newSegment, unpackSegment } from "../format/segment-builder.ts";
import { MAX_SEGMENT_BYTES } from "../format/segment-layout.ts";
import type { RecordRef } from "./record-cache.ts";
import { listRuns } from "./record-listing.ts";

const HEADS_AT_ONCE = 16;
const SEGMENTS_AT_ONCE = 4;

/** All counts are numbers of entries. */
export interface Forecast {
  /** The record written last. */
  record: RecordRef;
  /** The server's clock. */
  serverTimeMs: number;
  entries: number;
  /** Entries with their output on the local disk. */
  local: number;
  /** Entries that would be fetched. */
  remote: number;
  /** Entries with a missing pack, in a missing segment, or below a prefix that is not read. */
  gone: number;
  /** Compressed bytes of the outputs to fetch. */
  fetchBytes: number;
}

interface ForecastOptions {
  store: ObjectStore;
  /** The own prefix, then the additional ones to read. */
  prefixes: readonly string[];
  scope: Scope;
  local: Pick<LocalOutputs, "findOutput">;
  /** `undefined`: accepts every record. */
  check: RecordCheck | undefined;
  signal: AbortSignal;
}

/**
 * `undefined`: neither this scope nor its fallbacks have a run record. Rejects if the record written last is unreadable
 * or not trusted, or if a request fails.
 */
export async function forecastHits(options: ForecastOptions): Promise<Forecast | undefined> {
  const { store, prefixes, scope, local, signal } = options;
  const places = prefixes.map((prefix) => new PackedKeys(prefix));
  const isRead = prefixTest(prefixes);
  const { refs, serverTimeMs } = await listRuns(store, places, scope, signal);
  const record = refs[0];
  if (record === undefined) return undefined;
  const used = new UsedSegments();
  // Those of another job are no part of it, if this one has its own.
  for (const ref of refs.filter(({ role }) => role === record.role)) {
    try {
      await readRecord(ref, options, used);
    } catch (error) {
      if (ref === record || signal.aborted) throw error;
    }
  }
  const tally = new Tally(local);
  for await (const { segment, rows } of used.read(store, isRead, signal)) {
    const entries = [...(segment?.entries(rows) ?? [])];
    for (const [, entry] of entries) tally.add(entry);
    tally.addGone(rows.length - entries.length);
  }
  return { record, serverTimeMs, ...(await tally.finish(store, signal)) };
}

async function readRecord(
  { key }: RecordRef,
  { store, check, signal }: ForecastOptions,
  used: UsedSegments,
): Promise<void> {
  const bytes = await readSmallBytes(store, key, MAX_RECORD_BYTES, signal);
  if (bytes === undefined) throw new Error("it was removed after it was listed");
  check?.check(key, bytes);
  const { segments } = parseRunRecord(bytes);
  const inline = inlineSegments(bytes, segments);
  for (const ref of segments) used.add(ref, inline.get(ref.id));
}

/** The segments of all records, with the rows that any of them used. */
class UsedSegments {
  readonly #segments = new Map<
    string,
    { ref: SegmentRef; rows: RowSet; bytes: Buffer<ArrayBuffer> | undefined }
  >();

  add(ref: SegmentRef, bytes: Buffer<ArrayBuffer> | undefined): void {
    const rows = ref.used ?? RowSet.all(ref.rows);
    const known = this.#segments.get(ref.id);
    if (known === undefined) this.#segments.set(ref.id, { ref, rows: rows.copy(), bytes });
    else known.rows.addAll(rows);
  }

  /** Each segment with its used rows; without the segment if the bucket lacks it, it is damaged, or not read. */
  read(store: ObjectStore, isRead: PrefixTest, signal: AbortSignal) {
    return mapAhead(this.#segments.values(), SEGMENTS_AT_ONCE, async ({ ref, rows, bytes }) => ({
      segment:
        ref.isInline || isRead(ref.prefix) ? await segmentOf(ref, bytes, store, isRead, signal) : undefined,
      rows: [...allRows(rows)].filter((row) => rows.has(row)),
    }));
  }
}

async function segmentOf(
  { id, prefix }: SegmentRef,
  inline: Buffer<ArrayBuffer> | undefined,
  store: ObjectStore,
  isRead: PrefixTest,
  signal: AbortSignal,
): Promise<Segment | undefined> {
  const key = new PackedKeys(prefix).segment(id);
  const object =
    inline === undefined ? await readSmallBytes(store, key, MAX_SEGMENT_BYTES, signal) : undefined;
  if (inline === undefined && object === undefined) return undefined;
  try {
    return newSegment(inline ?? unpackSegment(object as Uint8Array<ArrayBuffer>, id), isRead).segment;
  } catch {
    return undefined;
  }
}

/** What would be fetched from one pack. */
interface PackTally {
  key: string;
  entries: number;
  bytes: number;
}

/** Counts each action once. An output of several actions is fetched, and counted, once. */
class Tally {
  readonly #local: Pick<LocalOutputs, "findOutput">;
  readonly #actions = new IdTable();
  readonly #outputs = new IdTable();
  readonly #packs = new Map<string, PackTally>();
  #localEntries = 0;
  #empty = 0;
  /** In segments that nobody can read. */
  #unreadable = 0;

  constructor(local: Pick<LocalOutputs, "findOutput">) {
    this.#local = local;
  }

  add({ actionId, outputId, sizeBytes, place }: PackedEntry): void {
    if (this.#actions.set(actionId) !== 0) return;
    if (this.#local.findOutput(outputId)?.sizeBytes === sizeBytes) this.#localEntries++;
    else if (place === undefined) this.#empty++;
    else {
      const key = new PackedKeys(place.pack.prefix).pack(place.pack.id);
      const pack = this.#packs.get(key) ?? { key, entries: 0, bytes: 0 };
      this.#packs.set(key, pack);
      pack.entries++;
      if (this.#outputs.set(outputId) === 0) pack.bytes += place.length;
    }
  }

  addGone(entries: number): void {
    this.#unreadable += entries;
  }

  async finish(store: ObjectStore, signal: AbortSignal) {
    const counts = { remote: this.#empty, gone: this.#unreadable, fetchBytes: 0 };
    const looks = mapAhead(this.#packs.values(), HEADS_AT_ONCE, async (pack) => ({
      ...pack,
      isThere: (await store.head(pack.key, { signal })) !== undefined,
    }));
    for await (const { entries, bytes, isThere } of looks) {
      if (isThere) counts.remote += entries;
      else counts.gone += entries;
      if (isThere) counts.fetchBytes += bytes;
    }
    return { entries: this.#actions.size + this.#unreadable, local: this.#localEntries, ...counts };
  }
}
