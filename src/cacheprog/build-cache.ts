import type { Hit } from "./messages.ts";

/** The cache, as a session needs it. Ids are lower-case hex. */
export interface BuildCache {
  /** `undefined` is a miss. Synchronous for local hits; otherwise resolves within the remote's deadline. */
  get(actionId: string): Hit | undefined | Promise<Hit | undefined>;
  /** Begins a put. This method and those of `PutSink` throw only if no directory is writable. */
  beginPut(actionId: string, outputId: string): PutSink;
}

/** A put in progress: any number of `write`, then one `commit` or `discard`. */
export interface PutSink {
  write(bytes: Uint8Array): void;
  commit(): Hit;
  discard(): void;
}
