import { Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { Deadline } from "../../lib/deadline.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { LocalOutputs } from "../local-outputs.ts";
import { transferLimitMs } from "../transfer-limits.ts";
import { WrongBytesError } from "../wrong-bytes-error.ts";
import type { Entry, Place } from "./entry.ts";
import { PackedKeys } from "./keys.ts";

/**
 * Brings an output that is too large for memory: its frame is expanded while it comes. `false`: there is no such pack.
 * Nothing becomes visible unless the bytes have the SHA-256 that is their id.
 */
export async function fetchLargeOutput(options: {
  store: ObjectStore;
  entry: Entry;
  place: Place;
  local: LocalOutputs;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<boolean> {
  const { store, entry, place, local, timeoutMs } = options;
  using deadline = new Deadline(timeoutMs, options.signal);
  const { pack, offset, length } = place;
  const key = new PackedKeys(pack.prefix).pack(pack.id);
  const object = await store.get(key, { signal: deadline.signal, range: { offset, length } });
  if (object === undefined) return false;
  deadline.restart(timeoutMs + transferLimitMs(length));
  const source = Readable.from(object.body);
  const content = createZstdDecompress();
  source.once("error", (error) => content.destroy(error));
  try {
    await writeChecked(source.pipe(content), entry, local);
  } finally {
    // A body that is not read to its end keeps a connection, or a file.
    source.destroy();
  }
  return true;
}

async function writeChecked(
  content: AsyncIterable<Uint8Array>,
  { outputId, sizeBytes }: Entry,
  local: LocalOutputs,
): Promise<void> {
  const file = local.createOutput(outputId);
  try {
    const hash = new Bun.CryptoHasher("sha256");
    let received = 0;
    for await (const chunk of content) {
      received += chunk.length;
      // A few bytes can stand for gigabytes.
      if (received > sizeBytes) throw new WrongBytesError(outputId, "none, for it is too long");
      hash.update(chunk);
      file.write(chunk);
    }
    const sha256 = hash.digest("hex");
    if (sha256 !== outputId) throw new WrongBytesError(outputId, sha256);
    file.commit();
  } catch (cause) {
    file.discard();
    if (!isZstdError(cause)) throw cause;
    throw WrongBytesError.ofFrame(outputId, cause);
  }
}

/** https://nodejs.org/api/zlib.html */
function isZstdError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && /^(ZSTD_|Z_)/i.test(code);
}
