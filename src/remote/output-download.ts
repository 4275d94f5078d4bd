import { MAX_OBJECT_BYTES } from "../store/object-limit.ts";
import type { ObjectStore, StoredObject } from "../store/object-store.ts";
import type { LocalOutputs } from "./local-outputs.ts";
import { WrongBytesError } from "./wrong-bytes-error.ts";

/**
 * Downloads an object that is one plain output to the local disk and returns its size; `undefined` if it does not
 * exist. The output becomes visible only if its id is the SHA-256 of its bytes.
 */
export async function downloadOutput(options: {
  store: ObjectStore;
  key: string;
  outputId: string;
  local: LocalOutputs;
  signal: AbortSignal;
}): Promise<number | undefined> {
  const { store, key, outputId, local, signal } = options;
  const object = await store.get(key, { signal });
  if (object === undefined) return undefined;
  if (object.bodyBytes > MAX_OBJECT_BYTES) {
    await object.body.cancel();
    throw new WrongBytesError(outputId, "unknown, since the object is too large");
  }
  return await receive(object, outputId, local);
}

async function receive(object: StoredObject, outputId: string, local: LocalOutputs): Promise<number> {
  const file = local.createOutput(outputId);
  try {
    const hash = new Bun.CryptoHasher("sha256");
    let sizeBytes = 0;
    for await (const chunk of object.body) {
      hash.update(chunk);
      file.write(chunk);
      sizeBytes += chunk.length;
    }
    const sha256 = hash.digest("hex");
    if (sha256 !== outputId) throw new WrongBytesError(outputId, sha256);
    file.commit();
    return sizeBytes;
  } catch (error) {
    file.discard();
    throw error;
  }
}
