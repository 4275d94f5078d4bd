import type { Counters } from "../../../lib/counters.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { NotSentError } from "../../../store/not-sent-error.ts";
import type { ObjectStore, PutBody } from "../../../store/object-store.ts";

/** Uploads objects until abandoned. Counts and logs failures. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #controller = new AbortController();
  #firstFailure: unknown;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** Aborts with `abandon`. */
  get abandonment(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the first upload failed that was not abandoned; `undefined`: none has. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** Returns whether the object was uploaded. Never rejects. */
  async put(key: string, body: PutBody, sha256?: string): Promise<boolean> {
    const { store, counters, log } = this.#options;
    const signal = this.abandonment;
    if (signal.aborted) return false;
    try {
      await store.put(key, body, { signal, ...(sha256 === undefined ? {} : { sha256 }) });
      counters.add("put_remote_object");
      counters.add("put_remote_bytes", body instanceof Uint8Array ? body.length : body.sizeBytes);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#firstFailure ??= error;
      if (error instanceof NotSentError) return false;
      counters.add("put_remote_error");
      log.info(() => `upload of ${key} failed: ${describeError(error)}`);
      return false;
    }
  }

  /** Aborts the uploads in flight and refuses further ones. */
  abandon(): void {
    this.#controller.abort(new Error("uploads were abandoned"));
  }
}

interface UploadsOptions {
  store: ObjectStore;
  counters: Counters;
  log: Logger;
}
