import { Deadline } from "../lib/async/deadline.ts";
import { Garbage } from "../lib/garbage.ts";
import type { ListPage, ObjectStore } from "../store/object-store.ts";
import { readSmallBytes } from "../store/read-small-object.ts";
import { isAccessDenied } from "../store/store-failure.ts";

/** Longest time without any data from the store. */
const STALL_MS = 60_000;

/** What an object of a listing and its reader leave behind, in about. */
const LISTED_BYTES = 2_048;

/** Selects part of a store, and when to stop. */
export interface StoreOptions {
  store: ObjectStore;
  /** Prepended to every key, unchanged. */
  prefix: string;
  signal?: AbortSignal | undefined;
}

/**
 * A store for maintenance of the whole bucket, which may take long: the timeout is a minute without data, and an
 * access-denied error names the missing permission.
 */
export class PatientStore {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal | undefined;

  constructor({ store, signal }: StoreOptions) {
    this.#store = store;
    this.#signal = signal;
  }

  /**
   * Lists all objects below `prefix`, or those after the key `startAfter`. The time that the consumer spends on a page
   * does not count towards the timeout.
   */
  async *list(prefix: string, startAfter?: string): AsyncGenerator<ListPage, void, void> {
    using deadline = new Deadline(STALL_MS, this.#signal);
    const garbage = new Garbage();
    const options = { signal: deadline.signal, ...(startAfter === undefined ? {} : { startAfter }) };
    const pages = this.#store.list(prefix, options)[Symbol.asyncIterator]();
    for (;;) {
      deadline.restart(STALL_MS);
      const page = await this.#permitted("s3:ListBucket", () => pages.next());
      deadline.restart(Number.POSITIVE_INFINITY);
      if (page.done === true) return;
      yield page.value;
      garbage.release(page.value.objects.length * LISTED_BYTES);
    }
  }

  /**
   * Reads a small object. More than `maxBytes` are returned only if the object is larger; `undefined` if it does not
   * exist.
   */
  async read(key: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const read = (signal: AbortSignal) => readSmallBytes(this.#store, key, maxBytes, signal);
    return await this.#once("s3:GetObject", read);
  }

  /** Passes an object of any size to `onChunk` as it arrives. `false` if it does not exist. */
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
      throw new Error(`access denied in ${this.#store.name}, ${permission} is needed`, { cause });
    }
  }
}
