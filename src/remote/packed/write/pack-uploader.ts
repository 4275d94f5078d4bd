import type { Counters } from "../../../lib/counters.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore, PutBody } from "../../../store/object-store.ts";
import { UploadLine } from "../../../store/upload/upload-line.ts";
import type { RemoteHealth } from "../../health.ts";

/** Puts objects into the bucket, while it takes any. Trouble is a `false`, counted and said once. */
export class PackUploader {
  readonly #options: UploaderOptions;
  readonly #line: UploadLine;
  readonly #abandonment = new AbortController();
  #controller = new AbortController();

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#line = new UploadLine(options.timeoutMs);
  }

  /** Whether it takes nothing any more. */
  get isAbandoned(): boolean {
    return this.abandonment.aborted;
  }

  /** Aborts when nothing more is taken. */
  get abandonment(): AbortSignal {
    return this.#abandonment.signal;
  }

  /** Bytes of what is being uploaded. */
  get bytesUnderWay(): number {
    return this.#line.bytesUnderWay;
  }

  /** Somebody waits for the end; see `UploadLine`. */
  hasten(): void {
    this.#line.hasten();
  }

  /** Whether it is stored now. */
  async put(key: string, body: PutBody, sha256?: string): Promise<boolean> {
    const { store, health, counters, log } = this.#options;
    if (this.isAbandoned || health.writes.admit() === "skip") return false;
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    const { signal } = this.#controller;
    try {
      await this.#line.bounded(sizeBytes, signal, async (bounded) => {
        await store.put(key, body, { signal: bounded, ...(sha256 === undefined ? {} : { sha256 }) });
      });
      health.succeeded("writes");
      counters.add("put_remote_object");
      counters.add("put_remote_bytes", sizeBytes);
      return true;
    } catch (error) {
      counters.add("put_remote_error");
      log.info(() => `put ${key}: ${describeError(error)}`);
      if (!signal.aborted) health.writeFailed(error);
      return false;
    }
  }

  /** Ends what is under way, for the bucket doesn't answer. */
  interrupt(): void {
    this.#controller.abort(new Error("uploads were stopped"));
    this.#controller = new AbortController();
  }

  /** Ends what is under way and takes nothing more. */
  abandon(): void {
    this.#abandonment.abort(new Error("uploads were abandoned"));
    this.interrupt();
  }
}

export interface UploaderOptions {
  store: ObjectStore;
  /** Longest wait for the answer to a small upload. */
  timeoutMs: number;
  health: RemoteHealth;
  counters: Counters;
  log: Logger;
}
