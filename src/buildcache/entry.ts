/** An action of a go build and its output. */
export interface CacheEntry {
  /** go's own id in lower-case hex, like `outputId`. */
  actionId: string;
  /** SHA-256 of the output's bytes. */
  outputId: string;
  /** Size of the output. */
  sizeBytes: number;
  /** Time of the put, in milliseconds since 1970. */
  putTimeMs: number;
  /** The file name of a program that go runs from its own cache; absent: go reads the output as data. */
  executable?: string;
}

/** An entry with its output on the local disk. */
export interface LocalEntry extends CacheEntry {
  /** Absolute path of a file with exactly the output's bytes. */
  path: string;
}
