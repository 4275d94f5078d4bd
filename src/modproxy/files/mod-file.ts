/** A file to serve. */
export interface ModFile {
  /** Empty: only `bytes` has the content, since the disk failed or has no time yet. A file that may change is also in `bytes`. */
  path: string;
  bytes?: Buffer;
  sizeBytes: number;
  sha256: string;
  source: "local" | "remote" | "fetch";
  /** It is the beginning of a file, and no file of its own. */
  isPart?: true;
  /** The upstream fails, and this is an old copy. */
  isStale: boolean;
  /** A zip or go.mod matches the checksum database. */
  isVerified?: boolean;
}
