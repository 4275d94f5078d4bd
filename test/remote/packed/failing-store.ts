/** Ways in which a bucket fails, and what it was asked. */
import { S3Error } from "../../../src/s3/s3-error.ts";
import { objectOf, type TamperedStore, untilAborted } from "../../store/tampered-store.ts";
import type { StockedBucket } from "./stocked-bucket.ts";

/** What S3 says to somebody who may not do that. */
export const DENIED = new S3Error(
  { operation: "list", bucket: "b", key: "k" },
  { status: 403, code: "AccessDenied", isExplained: true, message: "no" },
);

/** Makes every listing fail. */
export function failLists(store: TamperedStore, error: unknown): void {
  // biome-ignore lint/correctness/useYield: it never comes to that.
  store.onList = async function* () {
    throw error;
  };
}

/** Makes every listing hang until it is given up. */
export function hangLists(store: TamperedStore): void {
  // biome-ignore lint/correctness/useYield: it never comes to that.
  store.onList = async function* (_, __, signal) {
    await untilAborted(signal);
  };
}

/** Makes the gets whose keys contain `part` hang, after `text` or before the first byte. */
export function hangGets(store: TamperedStore, part: string, text?: string): void {
  store.onGet = async (key, get, signal) => {
    if (!key.includes(part)) return await get();
    return text === undefined ? await untilAborted(signal) : objectOf(text, { hangUntil: signal });
  };
}

/** Makes the gets whose keys contain `part` fail. */
export function failGets(store: TamperedStore, part: string, error: unknown = new Error("503")): void {
  store.onGet = async (key, get) => {
    if (key.includes(part)) throw error;
    return await get();
  };
}

/** The requests noted so far that begin like this; forgets them all. */
export function takeCalls(store: TamperedStore, start = ""): string[] {
  return store.calls.splice(0).filter((call) => call.startsWith(start));
}

/** The kinds of objects that were put since this was asked last, in the order of their names. */
export function putKinds({ store }: StockedBucket): string[] {
  const kinds = takeCalls(store, "put").map((call) => /v1\/(\w+)/.exec(call)?.[1] ?? call);
  return kinds.toSorted((a, b) => (a < b ? -1 : 1));
}
