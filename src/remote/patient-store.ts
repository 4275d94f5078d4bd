import { Deadline } from "../lib/async/deadline.ts";
import type { ListPage, ObjectStore } from "../store/object-store.ts";
import { readSmallBytes } from "../store/read-small-object.ts";
import { isAccessDenied } from "../store/store-failure.ts";

/** How long nothing may come from the store. */
const STALL_MS = 60_000;

/** Which part of a store, and when to stop. */
export interface StoreOptions {
  store: ObjectStore;
  /** Goes before every key, as given. */
  prefix: string;
  signal?: AbortSignal | undefined;
}

/**
 * A store for work that nobody waits for, on all that is there: a store that goes silent is an error only after a
 * minute, and a refusal says which permission is missing.
 */
export class PatientStore {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal | undefined;

  constructor({ store, signal }: StoreOptions) {
    this.#store = store;
    this.#signal = signal;
  }

  /** All objects whose keys begin with `prefix`. The reader of the pages may take its time. */
  async *list(prefix: string): AsyncGenerator<ListPage, void, void> {
    using deadline = new Deadline(STALL_MS, this.#signal);
    const pages = this.#store.list(prefix, { signal: deadline.signal })[Symbol.asyncIterator]();
    for (;;) {
      deadline.restart(STALL_MS);
      const page = await this.#permitted("s3:ListBucket", () => pages.next());
      deadline.restart(Number.POSITIVE_INFINITY);
      if (page.done === true) return;
      yield page.value;
    }
  }

  /** The whole of a small object, more than `maxBytes` when it is larger than that; `undefined`: there is none. */
  async read(key: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const read = (signal: AbortSignal) => readSmallBytes(this.#store, key, maxBytes, signal);
    return await this.#once("s3:GetObject", read);
  }

  /** Hands out an object as it comes, however large. `false`: there is none. */
  async stream(key: string, onChunk: (chunk: Uint8Array) => void | Promise<void>): Promise<boolean> {
    using deadline = new Deadline(STALL_MS, this.#signal);
    const { signal } = deadline;
    const object = await this.#permitted("s3:GetObject", () => this.#store.get(key, { signal }));
    if (object === undefined) return false;
    for await (const chunk of object.body) {
      await onChunk(chunk);
      deadline.restart(STALL_MS);
    }
    return true;
  }

  async has(key: string): Promise<boolean> {
    const info = await this.#once("s3:GetObject", (signal) => this.#store.head(key, { signal }));
    return info !== undefined;
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    await this.#once("s3:PutObject", (signal) => this.#store.put(key, bytes, { signal }));
  }

  async delete(key: string): Promise<void> {
    await this.#once("s3:DeleteObject", (signal) => this.#store.delete(key, { signal }));
  }

  async #once<T>(permission: string, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using deadline = new Deadline(STALL_MS, this.#signal);
    return await this.#permitted(permission, () => action(deadline.signal));
  }

  async #permitted<T>(permission: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      if (!isAccessDenied(cause)) throw cause;
      throw new Error(`not permitted in ${this.#store.name}, ${permission} is needed`, { cause });
    }
  }
}
