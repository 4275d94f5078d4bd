import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { LocalEntry } from "../../../buildcache/entry.ts";
import { compressFrame, compressFrameAside } from "../../../lib/bytes/zstd.ts";

/** For smaller outputs, another thread costs more than the work itself. */
const SMALL_BYTES = 64 << 10;

/** An output on the local disk, independent of its action. */
export type LocalOutput = Pick<LocalEntry, "outputId" | "sizeBytes" | "path">;

/** Compresses an output to a zstd frame; `undefined` if the file is gone or its bytes have changed. */
export async function readFrame(output: LocalOutput): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isSmall = output.sizeBytes <= SMALL_BYTES;
  const bytes = isSmall ? readNow(output.path) : await readFile(output.path).catch(() => undefined);
  if (bytes === undefined || bytes.length !== output.sizeBytes) return undefined;
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  if (sha256 !== output.outputId) return undefined;
  return isSmall ? compressFrame(bytes) : await compressFrameAside(bytes);
}

function readNow(path: string): Buffer<ArrayBuffer> | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
