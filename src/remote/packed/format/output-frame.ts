import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { compressFrame, compressFrameAside } from "../../../lib/bytes/zstd.ts";
import type { FoundOutput } from "../../local-outputs.ts";

/** For smaller outputs, another thread costs more than the work itself. */
const SMALL_BYTES = 64 << 10;

/** An output on the local disk, independent of its action. */
export type LocalOutput = { outputId: string } & Pick<FoundOutput, "sizeBytes" | "path" | "chunks">;

/** Compresses an output to a zstd frame; `undefined` if the file is gone or its bytes have changed. */
export async function readFrame(output: LocalOutput): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isSmall = output.sizeBytes <= SMALL_BYTES;
  const bytes =
    isSmall || output.chunks ? readNow(output) : await readFile(output.path).catch(() => undefined);
  if (bytes === undefined || bytes.length !== output.sizeBytes) return undefined;
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  if (sha256 !== output.outputId) return undefined;
  return isSmall ? compressFrame(bytes) : await compressFrameAside(bytes);
}

function readNow({ path, sizeBytes, chunks }: LocalOutput): Buffer<ArrayBuffer> | undefined {
  try {
    return chunks === undefined ? readFileSync(path) : join(chunks(), sizeBytes);
  } catch {
    return undefined;
  }
}

/** `undefined`: they are more or fewer bytes than that. */
function join(chunks: Iterable<Uint8Array>, sizeBytes: number): Buffer<ArrayBuffer> | undefined {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let done = 0;
  for (const chunk of chunks) {
    if (done + chunk.length > sizeBytes) return undefined;
    bytes.set(chunk, done);
    done += chunk.length;
  }
  return done === sizeBytes ? bytes : undefined;
}
