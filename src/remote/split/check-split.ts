import { posix } from "node:path";
import { mapAhead } from "../../lib/async/map-ahead.ts";
import { ObjectSum } from "../../lib/object-sum.ts";
import type { OnProgress } from "../../lib/progress.ts";
import type { CheckOptions } from "../../store/finding.ts";
import { PatientStore, type StoreOptions } from "../patient-store.ts";
import { outputKey } from "./keys.ts";

/** Concurrent reads of outputs. */
const PARALLEL_OUTPUTS = 8;

/**
 * Checks that each output of the split layout has its name as SHA-256. With `isRepairing`, removes those that don't.
 */
export async function checkSplit(
  options: StoreOptions & CheckOptions & { onProgress?: OnProgress | undefined },
): Promise<ObjectSum> {
  const { prefix, isRepairing, onFinding, onProgress } = options;
  const store = new PatientStore(options);
  const outputs = new ObjectSum();
  const hashes = mapAhead(listOutputs(store, prefix), PARALLEL_OUTPUTS, async (output) => ({
    ...output,
    sha256: await hashObject(store, output.key),
  }));
  for await (const { key, id, sizeBytes, sha256 } of hashes) {
    outputs.add(sizeBytes);
    onProgress?.({ stage: "reading outputs in the bucket", done: outputs.count, total: undefined });
    if (sha256 === undefined || sha256 === id) continue;
    if (isRepairing) await store.delete(key);
    onFinding({ where: key, what: `its bytes have the SHA-256 ${sha256}`, isRemoved: isRepairing });
  }
  return outputs;
}

async function* listOutputs(store: PatientStore, prefix: string) {
  for await (const { objects } of store.list(`${posix.join(prefix, "output")}/`)) {
    for (const { key, sizeBytes } of objects) {
      const id = key.slice(key.lastIndexOf("/") + 1);
      if (/^[0-9a-f]{64}$/.test(id) && key === outputKey(prefix, id)) yield { key, id, sizeBytes };
    }
  }
}

/** `undefined`: the object has been removed since. */
async function hashObject(store: PatientStore, key: string): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  const isThere = await store.stream(key, (chunk) => {
    hash.update(chunk);
  });
  return isThere ? hash.digest("hex") : undefined;
}
