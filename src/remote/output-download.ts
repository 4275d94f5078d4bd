import type { Deadline } from "../lib/async/deadline.ts";
import { MAX_OBJECT_BYTES } from "../store/object-limit.ts";
import type { ObjectStore, StoredObject } from "../store/object-store.ts";
import { transferLimitMs } from "../store/transfer-limits.ts";
import type { LocalOutputs } from "./local-outputs.ts";
import { WrongBytesError } from "./wrong-bytes-error.ts";

const MAX_ATTEMPTS = 3;

/**
 * Brings an object that is one output as it is to the local disk and returns its size; `undefined`: there is no such
 * object. Nothing becomes visible unless the bytes have the SHA-256 that is their id. A body that breaks off is
 * asked for again, three times in all, while the deadline lasts.
 */
export async function downloadOutput(options: {
  store: ObjectStore;
  key: string;
  outputId: string;
  local: LocalOutputs;
  deadline: Deadline;
}): Promise<number | undefined> {
  const { store, key, outputId, deadline } = options;
  for (let attempt = 1; ; attempt++) {
    const object = await store.get(key, { signal: deadline.signal });
    if (object === undefined) return undefined;
    if (object.bodyBytes > MAX_OBJECT_BYTES) {
      await object.body.cancel();
      throw new WrongBytesError(outputId, "none, for it is too large");
    }
    deadline.restart(transferLimitMs(object.bodyBytes));
    try {
      return await receive(object, outputId, options.local);
    } catch (error) {
      if (error instanceof WrongBytesError || attempt === MAX_ATTEMPTS || deadline.signal.aborted)
        throw error;
    }
  }
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
