/** Makes segments; see `segment-layout.ts`. */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import type { Pack, PackedEntry } from "./entry.ts";
import type { PrefixTest } from "./keys.ts";
import { Segment, type SegmentBytes } from "./segment.ts";
import {
  DETAIL_BYTES,
  HEADER_BYTES,
  HIGH_BYTES,
  highOf,
  ID_REST_BYTES,
  IDS_BYTES,
  type Layout,
  layoutOf,
  MAGIC,
  MAX_NAMES,
  MAX_ROWS,
  MAX_SEGMENT_BYTES,
  NO_PACK,
  ORDER_BYTES,
  PACK_BYTES,
  UNKNOWN_MS,
} from "./segment-layout.ts";
import { formatSegmentText } from "./segment-text.ts";

/** Collects entries for a segment. An action that is added again replaces its entry. */
export class SegmentBuilder {
  readonly #entries = new Map<string, PackedEntry>();
  #names = 0;

  add(entry: PackedEntry): void {
    if (entry.executable !== undefined) this.#names++;
    this.#entries.set(entry.actionId, entry);
  }

  get rows(): number {
    return this.#entries.size;
  }

  get isFull(): boolean {
    return this.rows >= MAX_ROWS || this.#names >= MAX_NAMES;
  }

  /** The segment of the entries so far; the builder is empty then. `timeOf`: the time of compiling of those without. */
  seal(timeOf: (actionId: string) => number | undefined = () => undefined): NewSegment {
    const entries = [...this.#entries.values()].map((entry) => {
      const compileMs = entry.compileMs ?? timeOf(entry.actionId);
      return compileMs === undefined ? entry : { ...entry, compileMs };
    });
    const bytes = formatSegment(entries);
    this.#entries.clear();
    this.#names = 0;
    return newSegment(bytes);
  }
}

/** A segment in memory, with its bytes. */
export interface NewSegment {
  segment: Segment;
  bytes: Buffer<ArrayBuffer>;
}

/** `isRead`: see `Segment`. Throws if the bytes are not a segment. */
export function newSegment(bytes: Buffer<ArrayBuffer>, isRead?: PrefixTest): NewSegment {
  return { segment: new Segment(segmentId(bytes), inMemory(bytes), isRead), bytes };
}

export function segmentId(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** The object in the bucket. */
export async function packSegment(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await compressFrameAside(bytes);
}

/** The bytes in an object of the bucket. Throws unless they are the segment with this id, and at most `maxBytes`. */
export function unpackSegment(
  object: Uint8Array<ArrayBuffer>,
  id: string,
  maxBytes: number = MAX_SEGMENT_BYTES,
): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(expandFrame(object, Math.min(maxBytes, MAX_SEGMENT_BYTES)));
  const actual = segmentId(bytes);
  if (actual !== id) throw new Error(`the segment ${id} has the SHA-256 ${actual}`);
  return bytes;
}

function formatSegment(entries: PackedEntry[]): Buffer<ArrayBuffer> {
  const packs = new Map<string, { number: number; pack: Pack }>();
  const prefixes = new Map<string, number>();
  for (const { place } of entries) {
    if (place === undefined) continue;
    const { pack } = place;
    const key = packKey(pack);
    if (!packs.has(key)) packs.set(key, { number: packs.size, pack });
    if (!prefixes.has(pack.prefix)) prefixes.set(pack.prefix, prefixes.size);
  }
  const sorted = entries.sort((a, b) => compare(a.actionId, b.actionId));
  const executables = new Map(
    sorted.flatMap(({ executable }, row) => (executable === undefined ? [] : [[row, executable]])),
  );
  const text = Buffer.from(formatSegmentText({ prefixes: [...prefixes.keys()], executables }));
  const layout = layoutOf(entries.length, packs.size, text.length);
  const bytes = Buffer.alloc(layout.end);
  bytes.write(MAGIC, "latin1");
  bytes.writeUInt32LE(entries.length, 8);
  bytes.writeUInt32LE(packs.size, 12);
  bytes.writeUInt32LE(text.length, 16);
  sorted.forEach((entry, row) => {
    const pack = entry.place && packs.get(packKey(entry.place.pack));
    writeRow(bytes, layout, row, entry, pack?.number ?? NO_PACK);
  });
  const order = Uint16Array.from(sorted, (_, row) => row);
  order.sort((a, b) => compare(sorted[a]?.outputId ?? "", sorted[b]?.outputId ?? ""));
  order.forEach((row, at) => {
    bytes.writeUInt16LE(row, layout.order + ORDER_BYTES * at);
  });
  for (const { number, pack } of packs.values()) {
    const at = layout.packs + PACK_BYTES * number;
    bytes.write(pack.id, at, "hex");
    bytes.writeUIntLE(pack.sizeBytes, at + 32, 6);
    bytes.writeUInt16LE(prefixes.get(pack.prefix) ?? 0, at + 38);
  }
  text.copy(bytes, layout.text);
  return bytes;
}

function writeRow(bytes: Buffer, layout: Layout, row: number, entry: PackedEntry, pack: number): void {
  const { actionId, outputId, place } = entry;
  bytes.writeUInt32LE(highOf(actionId), HEADER_BYTES + HIGH_BYTES * row);
  bytes.writeUInt32LE(highOf(outputId), layout.outputs + HIGH_BYTES * row);
  bytes.write(actionId.slice(2 * HIGH_BYTES), layout.ids + IDS_BYTES * row, "hex");
  bytes.write(outputId.slice(2 * HIGH_BYTES), layout.ids + IDS_BYTES * row + ID_REST_BYTES, "hex");
  const at = layout.details + DETAIL_BYTES * row;
  bytes.writeUIntLE(entry.sizeBytes, at, 6);
  bytes.writeUIntLE(Math.max(0, Math.floor(entry.putTimeMs)), at + 6, 6);
  bytes.writeUInt16LE(pack, at + 12);
  bytes.writeUInt32LE(place?.offset ?? 0, at + 14);
  bytes.writeUIntLE(place?.length ?? 0, at + 18, 6);
  const ms = entry.compileMs === undefined ? UNKNOWN_MS : Math.floor(entry.compileMs);
  bytes.writeUInt32LE(Math.min(Math.max(0, ms), UNKNOWN_MS), at + 24);
}

/** The same pack may lie below two prefixes. */
function packKey({ id, sizeBytes, prefix }: Pack): string {
  return `${id} ${sizeBytes} ${prefix}`;
}

function inMemory(bytes: Buffer<ArrayBuffer>): SegmentBytes {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => {
      if (offset + length > bytes.length) throw new Error("a segment was cut off");
      return bytes.subarray(offset, offset + length);
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
