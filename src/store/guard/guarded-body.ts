import { TimeoutError } from "../../lib/async/deadline.ts";
import type { GetOptions, ObjectStore, StoredObject } from "../object-store.ts";
import { transferLimitMs } from "../transfer-limits.ts";
import type { GuardedRead } from "./guarded-read.ts";

/** Maximum number of requests for one body. */
const MAX_ATTEMPTS = 3;

/** The used part of a reader: Bun and Node declare different types. */
interface BodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** The bytes of `object`. Resumes an interrupted body at the first missing byte. */
export function guardedBody(
  store: ObjectStore,
  key: string,
  object: StoredObject,
  options: GetOptions,
  read: GuardedRead,
): ReadableStream<Uint8Array> {
  const body = new GuardedBody(store, key, object, options, read);
  return new ReadableStream<Uint8Array>(
    { pull: (controller) => body.pull(controller), cancel: (reason) => body.cancel(reason) },
    { highWaterMark: 0 },
  );
}

class GuardedBody {
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #object: StoredObject;
  readonly #read: GuardedRead;
  readonly #offset: number;
  readonly #isLong: boolean;
  #reader: BodyReader;
  #received = 0;
  #attempts = 1;

  constructor(store: ObjectStore, key: string, object: StoredObject, options: GetOptions, read: GuardedRead) {
    this.#store = store;
    this.#key = key;
    this.#object = object;
    this.#read = read;
    this.#offset = options.range?.offset ?? 0;
    this.#isLong = options.isLong === true;
    this.#reader = object.body.getReader();
    if (!this.#isLong) read.wait(transferLimitMs(object.bodyBytes));
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#isLong) this.#read.wait();
    const { done, value } = await this.#next().catch((error: unknown) => {
      this.#read.failed(error);
      throw error;
    });
    if (done || value === undefined) {
      this.#read.succeeded();
      controller.close();
      return;
    }
    this.#received += value.length;
    this.#read.noteData();
    if (this.#isLong) this.#read.pause();
    controller.enqueue(value);
  }

  async cancel(reason: unknown): Promise<void> {
    this.#read[Symbol.dispose]();
    await this.#reader.cancel(reason);
  }

  async #next(): ReturnType<BodyReader["read"]> {
    for (;;) {
      try {
        return await this.#reader.read();
      } catch (error) {
        await this.#resume(error);
      }
    }
  }

  /** Resumes the body. Throws the error that ended the body, or the error of this attempt. */
  async #resume(error: unknown): Promise<void> {
    const { signal } = this.#read;
    const length = this.#object.bodyBytes - this.#received;
    const isHopeless = signal.aborted || error instanceof TimeoutError || length === 0;
    if (isHopeless || this.#attempts === MAX_ATTEMPTS) throw error;
    this.#attempts++;
    const range = { offset: this.#offset + this.#received, length };
    const rest = await this.#store.get(this.#key, { signal, range });
    // The object has been replaced or removed.
    if (rest === undefined || rest.etag !== this.#object.etag) {
      await rest?.body.cancel();
      throw error;
    }
    this.#reader = rest.body.getReader();
  }
}
