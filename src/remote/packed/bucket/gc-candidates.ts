/**
 * `gc/candidates.json.zst`: the packs that no record names, and since when, by the store's clock. One zstd frame of
 *
 *     {"version":1,"packs":{"<SHA-256>":<first seen unnamed, ms since 1970>, …}}
 *
 * What can't be read counts as an empty list, which only delays.
 */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import type { PackedBucket, StoredPack } from "./packed-bucket.ts";

/** A pack may be named late: by a session that goes on for long, or by a machine that was offline. */
const GRACE_MS = 48 * 3_600_000;
/** The rest is listed in the next round. */
const MAX_CANDIDATES = 50_000;
const MAX_BYTES = 8 << 20;
const VERSION = 1;

/** Below the root of the packed layout. It is written by every collection, and so tells when the last one was. */
export const CANDIDATES_NAME = "gc/candidates.json.zst";

/** When each unnamed pack was first seen. */
export type Candidates = ReadonlyMap<string, number>;

/** The list as it was, and as it becomes while packs are looked at. */
export class CandidateList {
  readonly #known: Candidates;
  readonly #next = new Map<string, number>();
  #newcomers = 0;

  constructor(known: Candidates) {
    this.#known = known;
  }

  /** Notes a pack that nobody names; whether it has been like that for long enough to go. */
  note({ id, modifiedMs }: StoredPack, nowMs: number): boolean {
    const known = this.#known.get(id);
    // The clock was wrong then, or is now; neither may make a pack look old.
    const firstMs = known === undefined ? nowMs : Math.min(known, nowMs);
    const hasRoom = this.#known.size + this.#newcomers < MAX_CANDIDATES;
    if (known === undefined) this.#newcomers++;
    if (known !== undefined || hasRoom) this.#next.set(id, firstMs);
    const isDated = modifiedMs > 0;
    return isDated && nowMs - Math.max(firstMs, modifiedMs) >= GRACE_MS;
  }

  /** Writes the list, also as it was: its age tells when somebody last looked. */
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

/** Throws for what is no such list. */
export function parseCandidates(bytes: Uint8Array<ArrayBuffer>): Candidates {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(bytes, 4 * MAX_BYTES)));
  const { version, packs } = json ?? {};
  if (version !== VERSION || typeof packs !== "object" || packs === null)
    throw new Error("no list of candidates");
  return new Map(Object.entries<number>(packs).filter(([, ms]) => Number.isSafeInteger(ms) && ms > 0));
}

function keyOf(bucket: PackedBucket): string {
  return `${bucket.keys.root}${CANDIDATES_NAME}`;
}
