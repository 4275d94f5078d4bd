import { createReadStream } from "node:fs";

/** The SHA-256 of a file in lower-case hex; `undefined` when it can't be read, or is no longer to be. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18, signal })) hash.update(chunk);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
