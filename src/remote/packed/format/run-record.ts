/**
 * A record names the segments with the entries that a run used, that a session added, or that projects share. Its first
 * part is one zstd frame of JSON (`zstd -dc | jq` reads it):
 *
 *     {"version":2, "kind":"run" | "new" | "shared", "about":{"project":…,"branch":…,"job":…,"run":…,"host":…,"key":…},
 *      "segments":[{"id":"<SHA-256>", "rows":<number>, "prefix":"<bucket prefix>", "inline":true, "used":"<base64>"}, …]}
 *
 * Segments are in the order of their first use, newest additions last. `inline`: the segment follows in this object, in
 * a frame of its own; else it is the object `segment/<xx>/<id>` below the prefix. `used`: the rows that the run used, a
 * bit each (`row-set.ts`); absent: all. Readers ignore a record that has another version or does not match this format
 * exactly. See `record-parts.ts` for the frames, and for the seal that may follow.
 */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import { isPlainPrefix } from "./keys.ts";
import { formatParts, splitParts } from "./record-parts.ts";
import { RowSet } from "./row-set.ts";
import { packSegment, unpackSegment } from "./segment-builder.ts";
import { MAX_ROWS } from "./segment-layout.ts";

/** Readers ignore larger records. */
export const MAX_RECORD_BYTES = 8 << 20;
/** Parsing takes up to a hundred times as much memory. */
export const MAX_JSON_BYTES = 2 << 20;
export const RECORD_VERSION = 2;
/** Of the inline segments of one record: a few bytes may claim to expand to gigabytes. */
const MAX_INLINE_BYTES = 2 * MAX_RECORD_BYTES;

/** Eight million entries. */
const MAX_SEGMENTS = 256;
const ID = /^[0-9a-f]{64}$/;

/** A segment, as a record names it. */
export interface SegmentRef {
  /** SHA-256 of its bytes. */
  id: string;
  rows: number;
  /** The bucket prefix of the object `segment/<xx>/<id>`. */
  prefix: string;
  /** Whether its bytes are in the record's object, and may be nowhere else. */
  isInline: boolean;
  /** The rows that the run used; `undefined`: all. */
  used: RowSet | undefined;
}

export interface RunRecord {
  kind: "run" | "new" | "shared";
  /** For people; `key` is the object's own key. */
  about: Record<string, string>;
  segments: SegmentRef[];
}

/** `inline`: the bytes of the segments that are inline, by id. */
export async function formatRunRecord(
  record: RunRecord,
  inline: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  const { kind, about, segments } = record;
  const json = JSON.stringify({ version: RECORD_VERSION, kind, about, segments: segments.map(formatRef) });
  const bytes = segments.flatMap(({ id, isInline }) => (isInline ? [inline.get(id)] : []));
  if (bytes.some((each) => each === undefined)) throw new Error("an inline segment without bytes");
  const frames = bytes.map(async (each) => await packSegment(each as Uint8Array<ArrayBuffer>));
  return formatParts(await compressFrameAside(Buffer.from(json)), await Promise.all(frames));
}

/** Throws unless the bytes are a record as described above. Ignores the seal; `RecordCheck` verifies it. */
export function parseRunRecord(bytes: Uint8Array<ArrayBuffer>): RunRecord {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(splitParts(bytes).frame, MAX_JSON_BYTES)));
  const version: unknown = json?.version;
  if (typeof version !== "number") throw new Error("not a record: it has no version number");
  if (version !== RECORD_VERSION) throw new Error(`record of version ${version}, not ${RECORD_VERSION}`);
  const { kind, about, segments } = json;
  if (!["run", "new", "shared"].includes(kind) || !isTextTable(about) || !Array.isArray(segments))
    throw new Error("record with a part missing");
  if (segments.length > MAX_SEGMENTS) throw new Error("record with too many segments");
  return { kind, about, segments: segments.map(parseRef) };
}

/**
 * The bytes of the inline segments, by id, in the order of the record. Throws if one is missing or has another hash.
 */
export function inlineSegments(
  bytes: Uint8Array<ArrayBuffer>,
  segments: readonly SegmentRef[],
): Map<string, Buffer<ArrayBuffer>> {
  const { segmentFrames } = splitParts(bytes);
  const ids = segments.filter(({ isInline }) => isInline).map(({ id }) => id);
  if (ids.length !== segmentFrames.length) throw new Error("record with a segment missing");
  let left = MAX_INLINE_BYTES;
  const segmentOf = (id: string, at: number) => {
    const bytes = unpackSegment(segmentFrames[at] as Uint8Array<ArrayBuffer>, id, left);
    left -= bytes.length;
    return [id, bytes] as const;
  };
  return new Map(ids.map(segmentOf));
}

/** The JSON value of a segment's name. */
export function formatRef({ id, rows, prefix, isInline, used }: SegmentRef): object {
  return {
    id,
    rows,
    prefix,
    ...(isInline ? { inline: true } : {}),
    ...(used === undefined || used.isAll ? {} : { used: used.format() }),
  };
}

/** Throws unless the value is a segment's name. */
export function parseRef(value: unknown): SegmentRef {
  const { id, rows, prefix, inline = false, used } = (value ?? {}) as Record<string, unknown>;
  const isValid =
    typeof id === "string" &&
    ID.test(id) &&
    isRows(rows) &&
    typeof prefix === "string" &&
    isPlainPrefix(prefix) &&
    typeof inline === "boolean";
  if (!isValid) throw new Error("record with a bad segment");
  const rowSet = typeof used === "string" ? RowSet.parse(used, rows) : undefined;
  if (used !== undefined && rowSet === undefined) throw new Error("record with a bad set of rows");
  return { id, rows, prefix, isInline: inline, used: rowSet };
}

function isRows(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_ROWS;
}

function isTextTable(value: unknown): value is Record<string, string> {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
  return isTable && Object.values(value).every((item) => typeof item === "string");
}
