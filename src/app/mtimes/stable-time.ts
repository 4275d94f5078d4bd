/**
 * Modification times made from content: the same content has the same time in every checkout, other content has
 * another time, except for one in 2^38 (and only among versions of equal size does go look at the time alone).
 * All lie between 9 September 2001 and 26 May 2010: later than any archive format's beginning, and never so young
 * that go takes a file for one that may still be changing. Whole milliseconds, which every file system in use keeps.
 */
const FIRST_MS = 1_000_000_000_000;
const HASH_DIGITS = 10;
const UNUSED_BITS = 2;

/** The time of a file in milliseconds since 1970, by the id that git has for its content. */
export function fileTimeMs(blobId: string): number {
  return FIRST_MS + Math.floor(Number.parseInt(blobId.slice(0, HASH_DIGITS), 16) / 2 ** UNUSED_BITS);
}

/** The time of a directory, by the names in it in any order; as on any file system their content has no part in it. */
export function directoryTimeMs(names: Iterable<string>): number {
  const text = [...names].sort((a, b) => (a < b ? -1 : 1)).join("\0");
  return fileTimeMs(new Bun.CryptoHasher("sha256").update(text, "latin1").digest("hex"));
}
