import { closeSync, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 256 << 10;

/**
 * The bytes of a file, at most the first `maxBytes`. Each chunk counts until the next is read. A stream takes several times
 * as long: most files are small, and in memory. Throws if the file can't be read. `flags`: how it is opened.
 */
export function* fileChunks(
  path: string,
  { flags = "r", maxBytes = Number.POSITIVE_INFINITY }: { flags?: string | number; maxBytes?: number } = {},
): Generator<Buffer, void, void> {
  const fd = openSync(path, flags);
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes));
    for (let left = maxBytes; left > 0; ) {
      const count = readSync(fd, chunk, 0, Math.min(chunk.length, left), null);
      if (count === 0) return;
      yield chunk.subarray(0, count);
      left -= count;
    }
  } finally {
    closeSync(fd);
  }
}
