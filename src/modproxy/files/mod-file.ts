/** A file to serve. */
export interface ModFile {
  /** Empty: the disk failed, and only `bytes` has the content. A file that may change is also in `bytes`. */
  path: string;
  bytes?: Buffer;
  sizeBytes: number;
  sha256: string;
  source: "local" | "remote" | "fetch";
  /** The upstream fails, and this is an old copy. */
  isStale: boolean;
  /** A zip or go.mod matches the checksum database. */
  isVerified?: boolean;
}
