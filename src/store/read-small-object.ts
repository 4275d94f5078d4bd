import type { ObjectStore } from "./object-store.ts";

/**
 * The whole of a small object; `undefined` when it is absent. One that is larger than `maxBytes` is read no further:
 * what comes back is then longer than that, which no parser of a small format accepts.
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

/** The same as text, cut off one byte beyond the limit. */
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
