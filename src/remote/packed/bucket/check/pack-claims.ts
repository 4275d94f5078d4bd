import type { PackedEntry, Place } from "../../format/entry.ts";
import { PackedKeys } from "../../format/keys.ts";

/** A record's claim that a frame at this location in a pack holds this output. */
export interface Claim {
  offset: number;
  length: number;
  outputId: string;
  /** Bytes of the output. */
  sizeBytes: number;
}

/** All claims on one pack. */
export interface PackClaims {
  sizeBytes: number;
  byOffset: Map<number, Claim>;
  /** Whether records contradict each other. */
  isDisputed: boolean;
}

export function isSameClaim(a: Claim, b: Claim): boolean {
  const isSamePlace = a.offset === b.offset && a.length === b.length;
  return isSamePlace && a.outputId === b.outputId && a.sizeBytes === b.sizeBytes;
}

/** About 100 MB. */
const MAX_CLAIMS = 400_000;
/** Packs are grouped by the first byte of their ids. */
const GROUPS = 256;

/**
 * All claims on packs with ids that start with the byte `start` to `end - 1`. When the claims exceed the limit, `end`
 * moves down; another round covers the rest.
 */
export class PackClaimTable {
  readonly #keys: PackedKeys;
  readonly #start: number;
  readonly #limit: number;
  #end = GROUPS;
  #count = 0;
  readonly #packs = new Map<string, PackClaims>();
  readonly #prefixes = new Map<string, boolean>();

  constructor(options: { keys: PackedKeys; start: number; limit?: number | undefined }) {
    this.#keys = options.keys;
    this.#start = options.start;
    this.#limit = options.limit ?? MAX_CLAIMS;
  }

  get end(): number {
    return this.#end;
  }

  /** Whether this was the last round. */
  get isLast(): boolean {
    return this.#end === GROUPS;
  }

  covers(packId: string): boolean {
    const group = groupOf(packId);
    return group >= this.#start && group < this.#end;
  }

  add({ outputId, sizeBytes, place }: PackedEntry): void {
    if (place === undefined || !this.covers(place.pack.id) || !this.#isHere(place.pack.prefix)) return;
    const claims = this.#claimsOf(place);
    const { offset, length } = place;
    const known = claims.byOffset.get(offset);
    if (known === undefined) {
      claims.byOffset.set(offset, { offset, length, outputId, sizeBytes });
      this.#count++;
      this.#shrink();
    } else if (!isSameClaim(known, { offset, length, outputId, sizeBytes })) {
      claims.isDisputed = true;
    }
  }

  /** Removes and returns the claims on a pack. */
  take(packId: string): PackClaims | undefined {
    const claims = this.#packs.get(packId);
    this.#packs.delete(packId);
    return claims;
  }

  /** The number of packs that `take` has not removed. */
  get leftCount(): number {
    return this.#packs.size;
  }

  /** Whether the prefix is this bucket's; a check of another prefix covers its packs. */
  #isHere(prefix: string): boolean {
    const isHere = this.#prefixes.get(prefix) ?? new PackedKeys(prefix).root === this.#keys.root;
    this.#prefixes.set(prefix, isHere);
    return isHere;
  }

  #claimsOf({ pack }: Place): PackClaims {
    const claims = this.#packs.get(pack.id) ?? {
      sizeBytes: pack.sizeBytes,
      byOffset: new Map<number, Claim>(),
      isDisputed: false,
    };
    if (claims.sizeBytes !== pack.sizeBytes) claims.isDisputed = true;
    this.#packs.set(pack.id, claims);
    return claims;
  }

  #shrink(): void {
    while (this.#count > this.#limit && this.#end - this.#start > 1) {
      this.#end = this.#start + Math.ceil((this.#end - this.#start) / 2);
      for (const [id, { byOffset }] of this.#packs) {
        if (this.covers(id)) continue;
        this.#packs.delete(id);
        this.#count -= byOffset.size;
      }
    }
  }
}

function groupOf(packId: string): number {
  return Number.parseInt(packId.slice(0, 2), 16);
}
