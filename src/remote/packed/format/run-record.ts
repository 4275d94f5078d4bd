/**
 * A record maps actions to outputs and their locations. It is one zstd frame of JSON (`zstd -dc | jq` reads it):
 *
 *     {"version":1, "kind":"run" | "new" | "shared", "about":{"project":…,"branch":…,"job":…,"run":…,"host":…,"key":…},
 *      "prefixes":["", …],
 *      "packs":[["<SHA-256>", <bytes>, <index into prefixes>], …],
 *      "entries":[["<action>", "<output>", <bytes>, <put at, ms>, <index into packs>, <offset>, <length>], …]}
 *
 * Entries are in the order of their first use; an empty output has the pack -1. Readers ignore a record that has
 * another version or does not match this format exactly. A seal may follow, see `record-seal.ts`.
 */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import type { Pack, PackedEntry, Place } from "./entry.ts";
import { splitSeal } from "./record-seal.ts";

/** Readers ignore larger records: no run needs that many entries. */
export const MAX_RECORD_BYTES = 8 << 20;

const VERSION = 1;
/** Keeps a record below `MAX_RECORD_BYTES`; entries beyond the limit are dropped from the end. */
const MAX_ENTRIES = 80_000;
/** `MAX_ENTRIES` entries fit, even with one pack per entry. */
export const MAX_JSON_BYTES = 32 << 20;
const ID = /^[0-9a-f]{64}$/;

export interface RunRecord {
  kind: "run" | "new" | "shared";
  /** For people; `key` is the object's own key. */
  about: Record<string, string>;
  entries: PackedEntry[];
}

export async function formatRunRecord(record: RunRecord): Promise<Uint8Array<ArrayBuffer>> {
  return await compressFrameAside(new TextEncoder().encode(JSON.stringify(toJson(record))));
}

/** Throws unless the bytes are a record as described above. Ignores the seal; `RecordCheck` verifies it. */
export function parseRunRecord(bytes: Uint8Array<ArrayBuffer>): RunRecord {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(splitSeal(bytes).frame, MAX_JSON_BYTES)));
  if (json?.version !== VERSION) throw new Error(`record of version ${json?.version}, not ${VERSION}`);
  const { kind, about, prefixes, packs, entries } = json;
  const isWhole = ["run", "new", "shared"].includes(kind) && isTextTable(about) && isTextList(prefixes);
  if (!isWhole || !Array.isArray(packs) || !Array.isArray(entries))
    throw new Error("record with a part missing");
  if (Math.max(packs.length, entries.length) > MAX_ENTRIES) throw new Error("record with too many entries");
  const parsedPacks = packs.map((row) => parsePack(row, prefixes));
  return { kind, about, entries: entries.map((row) => parseEntry(row, parsedPacks)) };
}

function toJson({ kind, about, entries }: RunRecord): unknown {
  const prefixes = new Numbering<string>();
  const packs = new Numbering<string>();
  const packRows: unknown[] = [];
  const rows = entries.slice(0, MAX_ENTRIES).map(({ actionId, outputId, sizeBytes, putTimeMs, place }) => {
    const start = [actionId, outputId, sizeBytes, Math.max(0, Math.floor(putTimeMs))];
    if (place === undefined) return [...start, -1, 0, 0];
    const { id, sizeBytes: packBytes, prefix } = place.pack;
    const number = packs.of(id, () => packRows.push([id, packBytes, prefixes.of(prefix)]));
    return [...start, number, place.offset, place.length];
  });
  return { version: VERSION, kind, about, prefixes: prefixes.values(), packs: packRows, entries: rows };
}

/** Numbers distinct values in the order of their first occurrence. */
class Numbering<T> {
  readonly #numbers = new Map<T, number>();

  of(value: T, onNew: () => void = () => {}): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#numbers.set(value, this.#numbers.size);
    onNew();
    return this.#numbers.size - 1;
  }

  values(): T[] {
    return [...this.#numbers.keys()];
  }
}

function parsePack(row: unknown, prefixes: string[]): Pack {
  const [id, sizeBytes, prefixIndex] = Array.isArray(row) && row.length === 3 ? row : [];
  const prefix = isSize(prefixIndex) ? prefixes[prefixIndex] : undefined;
  if (!isId(id) || !isSize(sizeBytes) || prefix === undefined) throw new Error("record with a bad pack");
  return { id, sizeBytes, prefix };
}

function parseEntry(row: unknown, packs: Pack[]): PackedEntry {
  const [actionId, outputId, sizeBytes, putTimeMs, packIndex, offset, length] =
    Array.isArray(row) && row.length === 7 ? row : [];
  const isValid = isId(actionId) && isId(outputId) && isSize(sizeBytes) && isSize(putTimeMs);
  const place = isSize(packIndex) ? parsePlace(packs[packIndex], offset, length) : undefined;
  const isNowhere = packIndex === -1 && sizeBytes === 0;
  if (!isValid || (place === undefined && !isNowhere)) throw new Error("record with a bad entry");
  return { actionId, outputId, sizeBytes, putTimeMs, place };
}

function parsePlace(pack: Pack | undefined, offset: unknown, length: unknown): Place | undefined {
  const isValid = pack !== undefined && isSize(offset) && isSize(length);
  return isValid && length > 0 && offset + length <= pack.sizeBytes ? { pack, offset, length } : undefined;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTextTable(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && isTextList(Object.values(value))
  );
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
