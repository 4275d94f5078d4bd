import type { ObjectStore } from "./object-store.ts";

/**
 * The whole of a small object as text; `undefined` when it is absent. One that is larger than `maxBytes` is read no
 * further: what comes back is then one byte too long, which no parser of a small format accepts.
 */
export async function readSmallObject(
  store: ObjectStore,
  key: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const object = await store.get(key, { signal });
  if (object === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of object.body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).toString("latin1", 0, maxBytes + 1);
}
