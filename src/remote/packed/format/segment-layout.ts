/**
 * A segment: an immutable table of up to 32,768 entries, sorted by action. Numbers are little-endian.
 *
 *     8 bytes      "gcpseg1\n"
 *     u32 × 4      rows, packs, bytes of the text, 0
 *     u32 × rows   the first four bytes of each action, as a number: ascending
 *     u32 × rows   the first four bytes of each output, as a number
 *     u16 × rows   the rows in the order of their outputs; two zero bytes follow an odd number
 *     56 × rows    the other 28 bytes of the action, then those of the output
 *     28 × rows    u48 bytes of the output, u48 time of the put (ms), u16 pack (0xffff: the output is empty), u32 offset,
 *                  u48 length, u32 milliseconds of compiling (0xffffffff: unknown)
 *     40 × packs   SHA-256, u48 bytes, u16 prefix
 *     text         {"prefixes":[…],"executables":{"<row>":"<name>", …}}, see `segment-text.ts`
 *
 * Packs are in the order of their first use. A segment's id is the SHA-256 of these bytes. In the bucket, the object
 * `segment/<xx>/<id>` is one zstd frame of them; on the local disk they lie as they are, and a lookup reads a few bytes.
 */

export const MAX_ROWS = 32_768;
export const MAGIC = "gcpseg1\n";
export const HEADER_BYTES = 24;
export const HIGH_BYTES = 4;
export const ORDER_BYTES = 2;
export const IDS_BYTES = 56;
export const ID_REST_BYTES = 28;
export const DETAIL_BYTES = 28;
export const PACK_BYTES = 40;
export const NO_PACK = 0xffff;
export const UNKNOWN_MS = 0xffff_ffff;
export const MAX_TEXT_BYTES = 1 << 20;
/** Entries with a name; each takes up to 600 bytes of the text. */
export const MAX_NAMES = 1_000;
/** The most that a segment can have. */
export const MAX_SEGMENT_BYTES =
  HEADER_BYTES +
  MAX_ROWS * (2 * HIGH_BYTES + ORDER_BYTES + IDS_BYTES + DETAIL_BYTES + PACK_BYTES) +
  MAX_TEXT_BYTES;

/** The offsets of a segment's parts. */
export interface Layout {
  outputs: number;
  order: number;
  ids: number;
  details: number;
  packs: number;
  text: number;
  end: number;
}

export function layoutOf(rows: number, packs: number, textBytes: number): Layout {
  const outputs = HEADER_BYTES + HIGH_BYTES * rows;
  const order = outputs + HIGH_BYTES * rows;
  const ids = order + ORDER_BYTES * (rows + (rows % 2));
  const details = ids + IDS_BYTES * rows;
  const packRows = details + DETAIL_BYTES * rows;
  const text = packRows + PACK_BYTES * packs;
  return { outputs, order, ids, details, packs: packRows, text, end: text + textBytes };
}

/** The first four bytes of an id, as a number. */
export function highOf(id: string): number {
  return Number.parseInt(id.slice(0, 2 * HIGH_BYTES), 16);
}
