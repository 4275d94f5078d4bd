import type { ObjectStore } from "../../../store/object-store.ts";
import { isBeyondEnd } from "../../../store/store-failure.ts";
import type { Fetch } from "./fetch-plan.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** The object's size differs from the record, so it is not the pack of the record. */
class BadPackError extends Error {
  override name = "BadPackError" as const;
}

/** Whether a retry can't help, because the object is not the pack of the record. */
export function isBadPack(error: unknown): boolean {
  return error instanceof BadPackError || isBeyondEnd(error);
}

/**
 * Sends one request and calls `onFrame` with each wanted frame as soon as its last byte has arrived. Resolves to the
 * buffer that all frames are views of; `undefined` if the pack is gone.
 */
export async function streamFrames(options: {
  store: ObjectStore;
  key: string;
  fetch: Fetch;
  signal: AbortSignal;
  /** Called with the size of each part that arrives. */
  onBytes: (count: number) => void;
  onFrame: (output: WantedOutput, frame: Uint8Array<ArrayBuffer>) => void;
}): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { store, key, fetch, signal } = options;
  const { offset, length } = fetch;
  const isWhole = offset === 0 && length === fetch.pack.sizeBytes;
  const range = isWhole ? {} : { range: { offset, length } };
  const object = await store.get(key, { signal, isLong: true, ...range });
  if (object === undefined) return undefined;
  const bytes = new Uint8Array(length);
  const waiting = fetch.outputs.values();
  let next = waiting.next().value;
  let received = 0;
  for await (const chunk of object.body) {
    if (received + chunk.length > length) throw new BadPackError(`${key} is longer than its record says`);
    bytes.set(chunk, received);
    received += chunk.length;
    options.onBytes(chunk.length);
    for (; next !== undefined && endOf(next) <= offset + received; next = waiting.next().value) {
      options.onFrame(next, bytes.subarray(next.place.offset - offset, endOf(next) - offset));
    }
  }
  if (next !== undefined) throw new BadPackError(`${key} is shorter than its record says`);
  return bytes;
}

function endOf({ place }: WantedOutput): number {
  return place.offset + place.length;
}
