import type { LocalDir } from "../store/local/local-dir.ts";

/** The directory for outputs when the cache directory can't be written. The implementation remembers both results. */
export interface Fallback {
  /** The fallback directory of an earlier failure, for reading. */
  existing(): LocalDir | undefined;
  /** A writable directory, created if necessary. `undefined`: no directory is writable. */
  writable(): LocalDir | undefined;
}
