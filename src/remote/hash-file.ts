import { createReadStream } from "node:fs";

/** The SHA-256 of a file in lower-case hex; `undefined` when it can't be read. */
export async function hashFile(path: string): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) hash.update(chunk);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
