/** An action of go's build, and the output that it made. */
export interface CacheEntry {
  /** Lower-case hex, as is `outputId`: go's own id. */
  actionId: string;
  /** SHA-256 of the output's bytes. */
  outputId: string;
  /** Of the output. */
  sizeBytes: number;
  /** When the action was put, in milliseconds since 1970. */
  putTimeMs: number;
}

/** An entry whose output is on this machine's disk. */
export interface LocalEntry extends CacheEntry {
  /** Absolute path of a file with exactly the output's bytes. */
  path: string;
}
