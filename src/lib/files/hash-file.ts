import { fileChunks } from "./file-chunks.ts";

/** After so many chunks, others get their turn: about a millisecond. */
const CHUNKS_A_TURN = 8;

/** The SHA-256 of a file in lower-case hex; `undefined` when it can't be read, or is no longer to be. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  try {
    let turn = 0;
    for (const chunk of fileChunks(path)) {
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
    for (const chunk of fileChunks(path)) hash.update(chunk);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
