import { closeSync, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 256 << 10;
/** After so many, others get their turn: about a millisecond. */
const CHUNKS_A_TURN = 8;

/** The SHA-256 of a file in lower-case hex; `undefined` when it can't be read, or is no longer to be. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string | undefined> {
  let fd: number | undefined;
  try {
    // A stream takes several times as long: most files are small, and in the memory of the system.
    fd = openSync(path, "r");
    const hash = new Bun.CryptoHasher("sha256");
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let turn = 1; ; turn++) {
      const count = readSync(fd, chunk);
      if (count === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, count));
      if (turn % CHUNKS_A_TURN === 0) await new Promise(setImmediate);
      signal.throwIfAborted();
    }
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
