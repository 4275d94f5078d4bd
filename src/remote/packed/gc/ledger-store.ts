/** Keeps the ledger below `gc/marks/`, in parts: a part says what one stretch of a collection has learned. */
import { mapAhead } from "../../../lib/async/map-ahead.ts";
import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import { compressFrameAside, expandFrameAside } from "../../../lib/bytes/zstd.ts";
import { Garbage } from "../../../lib/garbage.ts";
import type { ListedObject } from "../../../store/object-store.ts";
import type { PackedBucket } from "../bucket/packed-bucket.ts";
import { type KnownRows, Ledger } from "./ledger.ts";
import { addPart, formatParts, MAX_PART_BYTES } from "./ledger-part.ts";
import { removeAll } from "./remove-all.ts";

const READ_AHEAD = 2;
/** More small parts than these are joined before a collection begins. */
const MAX_SMALL = 4;
const SMALL_BYTES = 256 << 10;
/** The ledger is written anew when it has this many versions of records that are gone, and they are most of it. */
const SOME_GONE = 256;

export class LedgerStore {
  readonly #bucket: PackedBucket;
  readonly #folder: string;
  readonly #dryRun: boolean;
  readonly #parts = new Set<string>();

  /** `dryRun`: writes and removes nothing. */
  constructor(bucket: PackedBucket, dryRun: boolean) {
    this.#bucket = bucket;
    this.#folder = `${bucket.keys.root}gc/marks/`;
    this.#dryRun = dryRun;
  }

  /** Reads all parts. Removes those that are damaged or say nothing new, and joins small ones. */
  async load(): Promise<Ledger> {
    const ledger = new Ledger();
    const useless: string[] = [];
    const small: KnownPart[] = [];
    const garbage = new Garbage();
    const found = mapAhead(await this.#list(), READ_AHEAD, async ({ key, sizeBytes }) => {
      return { key, sizeBytes, bytes: await this.#read(key) };
    });
    for await (const { key, sizeBytes, bytes } of found) {
      const rows = bytes && addedBy(ledger, bytes);
      // Lists of its numbers remain, and the object.
      garbage.release(sizeBytes + 4 * (bytes?.length ?? 0));
      if (bytes !== undefined) freeBuffer(bytes);
      if (rows === undefined) useless.push(key);
      else this.#parts.add(key);
      if (rows !== undefined && sizeBytes < SMALL_BYTES) small.push({ key, rows });
    }
    if (!this.#dryRun) await removeAll(this.#bucket, useless);
    if (small.length > MAX_SMALL) await this.#join(ledger, small);
    return ledger;
  }

  /** Writes what was learned since the last call. */
  async save(ledger: Ledger): Promise<void> {
    if (ledger.hasUnsaved) await this.#write(ledger, ledger.takeUnsaved());
  }

  /** Forgets records and segments that are gone, unless they are few. */
  async tidy(
    ledger: Ledger,
    live: { records: ReadonlySet<number>; segments: ReadonlySet<number> },
  ): Promise<void> {
    const gone = ledger.recordCount - live.records.size;
    if (gone <= SOME_GONE || gone <= live.records.size) return;
    const { records, segments } = ledger.rows();
    await this.#replace(ledger, [...this.#parts], {
      records: records.filter((record) => live.records.has(record)),
      segments: segments.filter((segment) => live.segments.has(segment)),
    });
  }

  async #join(ledger: Ledger, parts: readonly KnownPart[]): Promise<void> {
    const keys = parts.map(({ key }) => key);
    await this.#replace(ledger, keys, {
      records: parts.flatMap(({ rows }) => rows.records),
      segments: parts.flatMap(({ rows }) => rows.segments),
    });
  }

  async #replace(ledger: Ledger, before: readonly string[], rows: KnownRows): Promise<void> {
    if (this.#dryRun) return;
    const written = await this.#write(ledger, rows);
    const replaced = before.filter((key) => !written.has(key));
    await removeAll(this.#bucket, replaced);
    for (const key of replaced) this.#parts.delete(key);
  }

  async #write(ledger: Ledger, rows: KnownRows): Promise<Set<string>> {
    const written = new Set<string>();
    if (this.#dryRun) return written;
    const garbage = new Garbage();
    for (const bytes of formatParts(ledger, rows)) {
      const object = await compressFrameAside(bytes);
      const key = `${this.#folder}${sha256(object)}`;
      await this.#bucket.write(key, object);
      // The numbers, their places, and their bytes.
      garbage.release(4 * bytes.length);
      written.add(key);
      this.#parts.add(key);
    }
    return written;
  }

  /** The largest first, so that parts that were joined say nothing new. */
  async #list(): Promise<ListedObject[]> {
    const parts: ListedObject[] = [];
    for await (const { objects } of this.#bucket.list(this.#folder)) parts.push(...objects);
    return parts.sort((a, b) => b.sizeBytes - a.sizeBytes);
  }

  /** `undefined`: gone or damaged. */
  async #read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const object = await this.#bucket.read(key, MAX_PART_BYTES);
    if (object === undefined || key !== `${this.#folder}${sha256(object)}`) return undefined;
    return await expandFrameAside(object, MAX_PART_BYTES).catch(() => undefined);
  }
}

interface KnownPart {
  key: string;
  /** What only this part says. */
  rows: KnownRows;
}

/** Adds a part; returns what only it says, `undefined` for nothing, or for a part that is damaged. */
function addedBy(ledger: Ledger, bytes: Uint8Array): KnownRows | undefined {
  try {
    addPart(ledger, bytes);
    return ledger.hasUnsaved ? ledger.takeUnsaved() : undefined;
  } catch {
    // What it said before its fault is true: its name has the hash of these bytes.
    ledger.takeUnsaved();
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
