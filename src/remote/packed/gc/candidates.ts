/**
 * `gc/candidates.json.zst`: the packs and segments that nothing names, with the time of the first collection that
 * noticed, by the store's clock. One zstd frame of
 *
 *     {"version":2, "after":"pack/<SHA-256>", "unnamed":[[<first seen unnamed, ms since 1970>, ["pack/<SHA-256>", …]], …]}
 *
 * `after`: the last name that the round has gone through, `pack/~` after all packs; absent: it begins anew. An unreadable list counts
 * as empty, which only delays removals.
 */
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import { isCount, isText, listOf } from "../../../lib/shape.ts";
import type { PackedBucket } from "../bucket/packed-bucket.ts";

/** A record may name a pack late: after a long session, or from a machine that was offline. */
const GRACE_MS = 24 * 3_600_000;
/** Further ones wait for a later round. */
const MAX_CANDIDATES = 100_000;
const MAX_BYTES = 16 << 20;
const VERSION = 2;
const NAME = /^(pack|segment)\/[0-9a-f]{64}$/;
const AFTER = /^((pack|segment)\/([0-9a-f]{64}|~))?$/;
const isNames = listOf(isText);

/** What one round knows before it begins, or goes on. */
export interface CandidateState {
  /** "": the round begins. */
  after: string;
  /** The time (ms) of the first collection that noticed, by name, such as `pack/<SHA-256>`. */
  unnamed: ReadonlyMap<string, number>;
}

/** The list as it changes while a round goes through the packs and segments, in the order of their names. */
export class Candidates {
  /** Those that this round has not come to, in the order of their names. */
  readonly #known = new Map<string, number>();
  readonly #next = new Map<string, number>();

  constructor({ after, unnamed }: CandidateState) {
    const inOrder = [...unnamed].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, ms] of inOrder) (name <= after ? this.#next : this.#known).set(name, ms);
  }

  /** Notes an unnamed object. Returns whether it has been unnamed long enough to be removed. */
  note({ name, modifiedMs }: { name: string; modifiedMs: number }, nowMs: number): boolean {
    const known = this.#known.get(name);
    // A time in the future means that a clock was or is wrong, which must not make an object look old.
    const firstMs = Math.min(known ?? nowMs, Math.floor(nowMs));
    const hasRoom = this.#known.size + this.#next.size < MAX_CANDIDATES;
    this.#known.delete(name);
    if (known !== undefined || hasRoom) this.#next.set(name, firstMs);
    const isDated = modifiedMs > 0;
    return isDated && nowMs - Math.max(firstMs, modifiedMs) >= GRACE_MS;
  }

  /** Forgets what was not noted up to this name: it is gone, or named again. */
  passTo(name: string): void {
    for (const known of this.#known.keys()) {
      if (known > name) return;
      this.#known.delete(known);
    }
  }

  remove(name: string): void {
    this.#next.delete(name);
  }

  /** What to save when the next stretch begins after this name. */
  stateAfter(after: string): CandidateState {
    return { after, unnamed: new Map([...this.#next, ...this.#known]) };
  }
}

export async function readCandidates(bucket: PackedBucket): Promise<CandidateState> {
  const bytes = await bucket.read(keyOf(bucket), MAX_BYTES);
  try {
    return bytes === undefined ? NOTHING : parseCandidates(bytes);
  } catch {
    return NOTHING;
  }
}

export async function writeCandidates(bucket: PackedBucket, state: CandidateState): Promise<void> {
  await bucket.write(keyOf(bucket), await formatCandidates(state));
}

async function formatCandidates({ after, unnamed }: CandidateState): Promise<Uint8Array<ArrayBuffer>> {
  const names = Map.groupBy(unnamed.keys(), (name) => unnamed.get(name));
  const text = JSON.stringify({ version: VERSION, ...(after && { after }), unnamed: [...names] });
  return await compressFrameAside(new TextEncoder().encode(text));
}

/** Throws unless the bytes are such a list. */
export function parseCandidates(bytes: Uint8Array<ArrayBuffer>): CandidateState {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(bytes, 2 * MAX_BYTES)));
  const { version, after = "", unnamed } = json ?? {};
  const isValid = version === VERSION && Array.isArray(unnamed) && isText(after) && AFTER.test(after);
  if (!isValid) throw new Error("not a list of gc candidates");
  return { after, unnamed: new Map(unnamed.flatMap(parseGroup)) };
}

function parseGroup(group: unknown): [name: string, ms: number][] {
  const [ms, names] = Array.isArray(group) ? group : [];
  if (!isCount(ms) || ms === 0 || !isNames(names)) throw new Error("not a list of gc candidates");
  return names.filter((name) => NAME.test(name)).map((name) => [name, ms]);
}

function keyOf(bucket: PackedBucket): string {
  return `${bucket.keys.root}gc/candidates.json.zst`;
}

const NOTHING: CandidateState = { after: "", unnamed: new Map() };
