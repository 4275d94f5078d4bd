import type { LocalDir } from "../store/local/local-dir.ts";

/** Where outputs go that the cache directory can't take. Both answers are remembered by the implementation. */
export interface Fallback {
  /** The directory that an earlier trouble has left, to read from. */
  existing(): LocalDir | undefined;
  /** A directory that can be written to, made if need be. `undefined`: nothing can be written anywhere. */
  writable(): LocalDir | undefined;
}
