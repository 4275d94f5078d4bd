import { expandStream, isExpandError } from "../../../lib/bytes/expand-stream.ts";
import { MAX_OBJECT_BYTES } from "../../../store/object-limit.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import type { LocalOutputs } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import { PackedKeys } from "../format/keys.ts";

/** Larger outputs are not prefetched, and never buffered in memory. */
const LARGE_FRAME_BYTES = 8 << 20;
const LARGE_OUTPUT_BYTES = 32 << 20;

/** Whether an output is fetched only when it is looked up. */
export function isLarge(entry: PackedEntry, place: Place): boolean {
  return entry.sizeBytes > LARGE_OUTPUT_BYTES || place.length > LARGE_FRAME_BYTES;
}

/**
 * Fetches an output that is too large for memory, expanding its frame as it streams in. `false`: the pack is gone. The
 * output becomes visible only if its SHA-256 is its id.
 */
export async function fetchLargeOutput(options: {
  store: ObjectStore;
  entry: PackedEntry;
  place: Place;
  local: LocalOutputs;
  signal: AbortSignal;
  /** See `GetOptions`. */
  isLong: boolean;
  /** Called with the size of each part that arrives. */
  onBytes: (count: number) => void;
}): Promise<boolean> {
  const { store, entry, place, local, signal, isLong, onBytes } = options;
  if (Math.max(entry.sizeBytes, place.length) > MAX_OBJECT_BYTES) {
    throw new WrongBytesError(entry.outputId, "none, for it is too large");
  }
  const { pack, offset, length } = place;
  const key = new PackedKeys(pack.prefix).pack(pack.id);
  const object = await store.get(key, { signal, isLong, range: { offset, length } });
  if (object === undefined) return false;
  await writeChecked(counted(object.body, onBytes), entry, local);
  return true;
}

async function* counted(body: AsyncIterable<Uint8Array>, onBytes: (count: number) => void) {
  for await (const bytes of body) {
    onBytes(bytes.length);
    yield bytes;
  }
}

async function writeChecked(
  frame: AsyncIterable<Uint8Array>,
  { outputId, sizeBytes, executable }: PackedEntry,
  local: LocalOutputs,
): Promise<void> {
  const file = local.createOutput(outputId, executable);
  try {
    const hash = new Bun.CryptoHasher("sha256");
    let received = 0;
    await expandStream(frame, (bytes) => {
      received += bytes.length;
      // A few compressed bytes can expand to gigabytes.
      if (received > sizeBytes) throw new WrongBytesError(outputId, "none, for it is too long");
      hash.update(bytes);
      file.write(bytes);
    });
    const sha256 = hash.digest("hex");
    if (sha256 !== outputId) throw new WrongBytesError(outputId, sha256);
    file.commit();
  } catch (cause) {
    file.discard();
    if (!isExpandError(cause)) throw cause;
    throw WrongBytesError.ofFrame(outputId, cause);
  }
}
