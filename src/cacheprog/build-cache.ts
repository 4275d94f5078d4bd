import type { Hit } from "./messages.ts";

/** What a session needs of a cache. Ids are lower-case hex. */
export interface BuildCache {
  /** `undefined` is a miss. At once when the local disk knows; otherwise within the remote's deadline. */
  get(actionId: string): Hit | undefined | Promise<Hit | undefined>;
  /** Begins a put. Throws, like the methods of what it returns, only when no disk takes the bytes. */
  beginPut(actionId: string, outputId: string): PutSink;
}

/** A put under way: any number of `write`, then one `commit` or `discard`. */
export interface PutSink {
  write(bytes: Uint8Array): void;
  commit(): Hit;
  discard(): void;
}
