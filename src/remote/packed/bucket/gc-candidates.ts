/**
 * `gc/candidates.json.zst`: the packs that no record references, with the time of the first collection that noticed,
 * by the store's clock. One zstd frame of
 *
 *     {"version":1,"packs":{"<SHA-256>":<first seen unnamed, ms since 1970>, …}}
 *
 * An unreadable list counts as empty, which only delays the removal of packs.
 */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import type { PackedBucket, StoredPack } from "./packed-bucket.ts";

/** A record may reference a pack late: after a long session, or from a machine that was offline. */
const GRACE_MS = 48 * 3_600_000;
/** Further packs wait for the next collection. */
const MAX_CANDIDATES = 50_000;
const MAX_BYTES = 8 << 20;
const VERSION = 1;

/** The name below the packed layout's root. Every collection writes this object, so its age is that of the last one. */
export const CANDIDATES_NAME = "gc/candidates.json.zst";

/** Unreferenced packs by id, with the time (ms) of the first collection that noticed. */
export type Candidates = ReadonlyMap<string, number>;

/** The previous list, and the next one as it grows with each noted pack. */
export class CandidateList {
  readonly #known: Candidates;
  readonly #next = new Map<string, number>();
  #newcomers = 0;

  constructor(known: Candidates) {
    this.#known = known;
  }

  /** Notes an unreferenced pack. Returns whether it has been unreferenced long enough to be removed. */
  note({ id, modifiedMs }: StoredPack, nowMs: number): boolean {
    const known = this.#known.get(id);
    // A time in the future means that a clock was or is wrong, which must not make a pack look old.
    const firstMs = known === undefined ? nowMs : Math.min(known, nowMs);
    const hasRoom = this.#known.size + this.#newcomers < MAX_CANDIDATES;
    if (known === undefined) this.#newcomers++;
    if (known !== undefined || hasRoom) this.#next.set(id, firstMs);
    const isDated = modifiedMs > 0;
    return isDated && nowMs - Math.max(firstMs, modifiedMs) >= GRACE_MS;
  }

  /** Writes the list even if it is unchanged: its age is that of the last collection. */
  async save(bucket: PackedBucket): Promise<void> {
    await bucket.write(keyOf(bucket), await formatCandidates(this.#next));
  }
}

export async function readCandidates(bucket: PackedBucket): Promise<Candidates> {
  const bytes = await bucket.read(keyOf(bucket), MAX_BYTES);
  try {
    return bytes === undefined ? new Map() : parseCandidates(bytes);
  } catch {
    return new Map();
  }
}

async function formatCandidates(packs: Candidates): Promise<Uint8Array<ArrayBuffer>> {
  const text = JSON.stringify({ version: VERSION, packs: Object.fromEntries(packs) });
  return await compressFrameAside(new TextEncoder().encode(text));
}

/** Throws unless the bytes are such a list. */
export function parseCandidates(bytes: Uint8Array<ArrayBuffer>): Candidates {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(bytes, 4 * MAX_BYTES)));
  const { version, packs } = json ?? {};
  if (version !== VERSION || typeof packs !== "object" || packs === null)
    throw new Error("not a list of gc candidates");
  return new Map(Object.entries<number>(packs).filter(([, ms]) => Number.isSafeInteger(ms) && ms > 0));
}

function keyOf(bucket: PackedBucket): string {
  return `${bucket.keys.root}${CANDIDATES_NAME}`;
}
