/** Bucket failures, and the requests that a bucket received. */
import { S3Error } from "../../../src/s3/s3-error.ts";
import { objectOf, type TamperedStore, untilAborted } from "../../store/tampered-store.ts";
import type { StockedBucket } from "./stocked-bucket.ts";

/** S3's error without permission. */
export const DENIED = new S3Error(
  { operation: "list", bucket: "b", key: "k" },
  { status: 403, code: "AccessDenied", isExplained: true, message: "no" },
);

/** Makes every listing fail. */
export function failLists(store: TamperedStore, error: unknown): void {
  // biome-ignore lint/correctness/useYield: the listing never yields
  store.onList = async function* () {
    throw error;
  };
}

/** Makes every listing hang until it is aborted. */
export function hangLists(store: TamperedStore): void {
  // biome-ignore lint/correctness/useYield: the listing never yields
  store.onList = async function* (_, __, signal) {
    await untilAborted(signal);
  };
}

/** Makes the gets of keys with `part` hang, after `text` or before the first byte. */
export function hangGets(store: TamperedStore, part: string, text?: string): void {
  store.onGet = async (key, get, signal) => {
    if (!key.includes(part)) return await get();
    return text === undefined ? await untilAborted(signal) : objectOf(text, { hangUntil: signal });
  };
}

/** Makes the gets of keys with `part` fail. */
export function failGets(store: TamperedStore, part: string, error: unknown = new Error("503")): void {
  store.onGet = async (key, get) => {
    if (key.includes(part)) throw error;
    return await get();
  };
}

/** Returns the noted requests with this prefix, and clears all of them. */
export function takeCalls(store: TamperedStore, start = ""): string[] {
  return store.calls.splice(0).filter((call) => call.startsWith(start));
}

/** The kinds of objects that were put since the last call, sorted. */
export function putKinds({ store }: StockedBucket): string[] {
  const kinds = takeCalls(store, "put").map((call) => /v1\/(\w+)/.exec(call)?.[1] ?? call);
  return kinds.toSorted((a, b) => (a < b ? -1 : 1));
}
