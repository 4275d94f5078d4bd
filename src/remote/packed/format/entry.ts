/** A pack: an object of zstd frames, named by the SHA-256 of its bytes. */
export interface Pack {
  /** Lower-case hex. */
  id: string;
  sizeBytes: number;
  /** The prefix in the bucket below which it lies. */
  prefix: string;
}

/** An action, what it made, and where the bytes lie. */
export interface Entry {
  /** Lower-case hex, as is `outputId`. */
  actionId: string;
  outputId: string;
  /** Of the output. */
  sizeBytes: number;
  putTimeMs: number;
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
