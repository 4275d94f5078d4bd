import type { ObjectStore } from "./object-store.ts";

/**
 * Reads a small object; `undefined` if it does not exist. Stops reading after `maxBytes`: the result is then longer
 * than `maxBytes`, which parsers of small formats reject.
 */
export async function readSmallBytes(
  store: ObjectStore,
  key: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const object = await store.get(key, signal === undefined ? {} : { signal });
  if (object === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of object.body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

/** Like `readSmallBytes`, as text that is cut off one byte beyond the limit. */
export async function readSmallObject(
  store: ObjectStore,
  key: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const bytes = await readSmallBytes(store, key, maxBytes, signal);
  return (
    bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", 0, maxBytes + 1)
  );
}
