import { posix } from "node:path";

/** The key of a named file, `hash` being the SHA-256 of its name. An empty prefix leaves no slash. */
export function tieredKey(prefix: string, kind: string, hash: string): string {
  return posix.join(prefix, kind, hash.slice(0, 2), hash);
}
