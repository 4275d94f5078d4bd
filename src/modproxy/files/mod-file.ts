/** A file to answer with. */
export interface ModFile {
  /**
   * Where it lies; one that may change is in `bytes` as it was. Empty: the disk has taken nothing, and there are only the
   * bytes.
   */
  path: string;
  bytes?: Buffer;
  sizeBytes: number;
  sha256: string;
  source: "local" | "remote" | "fetch";
  /** The upstream fails, and this is what it said last. */
  isStale: boolean;
  /** The checksum database says the same of a zip or go.mod. */
  isVerified?: boolean;
}
