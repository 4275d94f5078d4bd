import type { CacheEntry } from "../../../buildcache/entry.ts";

/** A pack: an object of zstd frames, named by the SHA-256 of its bytes. */
export interface Pack {
  /** Lower-case hex. */
  id: string;
  sizeBytes: number;
  /** The bucket prefix that holds the pack. */
  prefix: string;
}

/** An entry with its output's location in the bucket. */
export interface PackedEntry extends CacheEntry {
  /** The location of the output's frame; `undefined` for an empty output. */
  place: Place | undefined;
  /** How long go compiled it on the machine that put it; absent: unknown. */
  compileMs?: number;
}

/** The location of one frame in a pack, in bytes. */
export interface Place {
  pack: Pack;
  offset: number;
  length: number;
}
