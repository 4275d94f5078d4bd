import type { CacheEntry } from "../../../buildcache/entry.ts";

/** A pack: an object of zstd frames, named by the SHA-256 of its bytes. */
export interface Pack {
  /** Lower-case hex. */
  id: string;
  sizeBytes: number;
  /** The prefix in the bucket below which it lies. */
  prefix: string;
}

/** An entry whose output lies in the bucket. */
export interface PackedEntry extends CacheEntry {
  /** Where the output's frame is; an empty output lies nowhere. */
  place: Place | undefined;
}

/** One frame in a pack. */
export interface Place {
  pack: Pack;
  offset: number;
  /** Bytes of the frame. */
  length: number;
}
