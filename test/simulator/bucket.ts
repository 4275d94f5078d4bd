/** The bucket: an object store in memory, with rules of its own, and the stores through which machines see it. */
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
} from "../../src/store/object-store.ts";
import type { Random } from "../faults/random.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { type Kind, kindOf, Names, type Remover } from "./names.ts";
import type { Timeline } from "./timeline.ts";

export const PREFIX = "team";
export const ROOT = `${PREFIX}/packed/v1/`;

export class Bucket {
  readonly store: MemoryStore;
  readonly names: Names;
  readonly timeline: Timeline;
  /** What each pack claims to have: frames of outputs. */
  readonly frames = new Map<string, readonly Frame[]>();
  /** How many objects were written. */
  readonly puts: Record<Kind, number> = { run: 0, head: 0, new: 0, shared: 0, pack: 0, segment: 0, gc: 0 };
  requests = 0;
  /** What was uploaded in packs. */
  packBytes = 0;
  /** Actions that were found in the bucket, and compiled since they were not. */
  found = 0;
  compiled = 0;
  /** When rules removed something last. */
  ruledMs = 0;
  /** Called after each record that was written. */
  onRecord: (key: string) => void = () => {};

  constructor(timeline: Timeline, onBroken: (text: string) => void) {
    this.timeline = timeline;
    this.store = new MemoryStore(() => timeline.nowMs);
    this.names = new Names(onBroken);
  }

  async put(key: string, body: PutBody, options: PutOptions): Promise<PutResult> {
    if (!(body instanceof Uint8Array)) throw new Error("only small objects are simulated");
    const result = await this.store.put(key, body, options);
    if (result === "refused") return result;
    this.puts[kindOf(key)]++;
    this.names.put(key, new Uint8Array(body));
    if (this.names.records.has(key)) this.onRecord(key);
    return result;
  }

  async delete(key: string, by: Remover): Promise<void> {
    await this.store.delete(key);
    this.names.delete(key, by);
  }

  async page(prefix: string, options: ListOptions): Promise<ListPage | undefined> {
    for await (const page of this.store.list(prefix, options)) return page;
    return undefined;
  }

  /** Removes what is older, as a rule of the bucket does. */
  async expire(kind: Kind, ageMs: number): Promise<void> {
    const old: string[] = [];
    for await (const { objects } of this.store.list(`${ROOT}${kind}/`))
      old.push(
        ...objects
          .filter(({ modifiedMs }) => this.timeline.nowMs - modifiedMs >= ageMs)
          .map(({ key }) => key),
      );
    for (const key of old) await this.delete(key, "rule");
    if (old.length > 0) this.ruledMs = this.timeline.nowMs;
  }
}

/** The frame of an output in a pack. */
export interface Frame {
  outputId: string;
  /** Bytes. */
  length: number;
}

/** Who sends requests, and what becomes of them. */
export interface Client {
  by: Remover;
  random: Random;
  /** Milliseconds that the next request takes; `undefined`: it is done at once, and counts for nothing. */
  latency: (() => number) | undefined;
  /** The share of requests that fail. */
  failing: number;
  /** The request at which it dies. */
  diesAt: number;
  requests: number;
  /** Records and segments that it has read. */
  reads: number;
  /** Requests that failed, or were not answered. */
  failures: number;
  isDead: boolean;
}

/** The bucket as one client sees it: each request takes time, may fail, and may be the last. */
export class ClientStore implements ObjectStore {
  readonly name = "memory://bucket";
  readonly #bucket: Bucket;
  readonly #client: Client;

  constructor(bucket: Bucket, client: Client) {
    this.#bucket = bucket;
    this.#client = client;
  }

  get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    if (kindOf(key) !== "gc") this.#client.reads++;
    return this.#request(options, () => this.#bucket.store.get(key, options));
  }

  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined> {
    return this.#request(options, () => this.#bucket.store.head(key, options));
  }

  put(key: string, body: PutBody, options: PutOptions = {}): Promise<PutResult> {
    return this.#request(options, () => this.#bucket.put(key, body, options));
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage, void, void> {
    const { pageSize = 1000 } = options;
    for (let startAfter = options.startAfter ?? ""; ; ) {
      const from = { ...options, startAfter };
      const page = await this.#request(options, () => this.#bucket.page(prefix, from));
      if (page === undefined) return;
      yield page;
      if (page.objects.length < pageSize) return;
      startAfter = page.objects.at(-1)?.key ?? "";
    }
  }

  delete(key: string, options?: RequestOptions): Promise<void> {
    return this.#request(options, () => this.#bucket.delete(key, this.#client.by));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #request<T>({ signal }: RequestOptions = {}, action: () => Promise<T>): Promise<T> {
    const { random, latency, failing, diesAt } = this.#client;
    if (latency === undefined) return await action();
    this.#failIfDead(signal);
    await this.#bucket.timeline.sleep(latency());
    this.#failIfDead(signal);
    this.#bucket.requests++;
    const isLast = ++this.#client.requests >= diesAt;
    const fails = isLast || (failing > 0 && random() < failing);
    // Only the answer may be lost.
    if (!fails) return await action();
    const isDone = random() < 0.5;
    this.#client.failures++;
    this.#client.isDead ||= isLast;
    if (isDone) await action().catch(() => undefined);
    throw new Error(isLast ? "the machine is gone" : "503");
  }

  #failIfDead(signal: AbortSignal | undefined): void {
    if (this.#client.isDead) throw new Error("the machine is gone");
    signal?.throwIfAborted();
  }
}
