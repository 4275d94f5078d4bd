import { isErrno } from "../../lib/files/errno.ts";
import { NotSentError } from "../not-sent-error.ts";
import type {
  GetOptions,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutBody,
  PutOptions,
  PutResult,
  RequestOptions,
  StoredObject,
} from "../object-store.ts";
import { guardedBody } from "./guarded-body.ts";
import { GuardedRead, type ReadContext } from "./guarded-read.ts";
import type { StoreHealth } from "./store-health.ts";
import { Uplink } from "./uplink.ts";

/**
 * An object store with limits. Every request ends within its deadline and updates the store's health. While the store
 * does not answer, requests reject with a `NotSentError`, except for occasional probes. Interrupted bodies are resumed.
 * Uploads share one uplink.
 */
export class GuardedStore implements ObjectStore {
  readonly health: StoreHealth;
  readonly uplink: Uplink;
  /** Timeout for the first byte of an answer, and for the answer to a small upload. */
  readonly timeoutMs: number;
  readonly #store: ObjectStore;
  readonly #context: ReadContext;

  constructor(store: ObjectStore, { health, timeoutMs }: { health: StoreHealth; timeoutMs: number }) {
    this.#store = store;
    this.health = health;
    this.timeoutMs = timeoutMs;
    this.uplink = new Uplink(timeoutMs);
    this.#context = { health, timeoutMs, lastDataMs: Number.NEGATIVE_INFINITY };
  }

  get name(): string {
    return this.#store.name;
  }

  get endpoint(): string | undefined {
    return this.#store.endpoint;
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const read = new GuardedRead(this.#context, options);
    try {
      const object = await this.#store.get(key, { ...options, signal: read.signal });
      if (object !== undefined) {
        read.noteData();
        return { ...object, body: guardedBody(this.#store, key, object, options, read) };
      }
      read.succeeded();
      return undefined;
    } catch (error) {
      read.failed(error);
      throw error;
    }
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const read = new GuardedRead(this.#context, options);
    try {
      const info = await this.#store.head(key, { signal: read.signal });
      read.succeeded();
      return info;
    } catch (error) {
      read.failed(error);
      throw error;
    }
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage, void, void> {
    using read = new GuardedRead(this.#context, options);
    try {
      for await (const page of this.#store.list(prefix, { ...options, signal: read.signal })) {
        read.answered();
        this.health.readsAllowed();
        read.pause();
        yield page;
        read.wait();
      }
    } catch (error) {
      read.failed(error);
      throw error;
    }
  }

  async put(key: string, body: PutBody, options: PutOptions = {}): Promise<PutResult> {
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    return await this.#write(sizeBytes, options.signal, (signal) =>
      this.#store.put(key, body, { ...options, signal }),
    );
  }

  /** Says nothing of the store's health: who may not remove objects may well upload. */
  async delete(key: string, options: RequestOptions = {}): Promise<void> {
    const { health, uplink } = this;
    if (health.writes.state !== "closed") throw new NotSentError("the store takes no uploads for now");
    await uplink.bounded(0, [options.signal, health.writing], (signal) =>
      this.#store.delete(key, { signal }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  async #write<T>(
    sizeBytes: number,
    caller: AbortSignal | undefined,
    request: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { health } = this;
    health.admit("writes");
    const signals = [caller, health.writing];
    try {
      const result = await this.uplink.bounded(sizeBytes, signals, request);
      health.succeeded("writes");
      return result;
    } catch (error) {
      // ENOENT: the local file was pruned meanwhile, which says nothing about the store.
      const isAborted = signals.some((signal) => signal?.aborted);
      const isGone = isErrno(error, "ENOENT") || isErrno((error as Error).cause, "ENOENT");
      if (!isAborted && !isGone) health.writeFailed(error);
      throw error;
    }
  }
}
