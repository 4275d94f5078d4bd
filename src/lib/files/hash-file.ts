import { closeSync, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 256 << 10;
/** After so many, others get their turn: about a millisecond. */
const CHUNKS_A_TURN = 8;

/** The SHA-256 of a file in lower-case hex; `undefined` when it can't be read, or is no longer to be. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  try {
    let turn = 0;
    for (const chunk of chunksOf(path)) {
      hash.update(chunk);
      if (++turn % CHUNKS_A_TURN === 0) await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}

/** The same, with everybody waiting; `undefined` when it can't be read. */
export function hashFileNow(path: string): string | undefined {
  const hash = new Bun.CryptoHasher("sha256");
  try {
    for (const chunk of chunksOf(path)) hash.update(chunk);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}

/** Each chunk counts until the next is read. A stream takes several times as long: most files are small, and in memory. */
function* chunksOf(path: string): Generator<Buffer, void, void> {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk))
      yield chunk.subarray(0, count);
  } finally {
    closeSync(fd);
  }
}
