/** An `ObjectStore` in memory, with a clock that the test sets. For simulations: it does nothing by itself. */
import { compareUtf8 } from "../../src/lib/text/compare-utf8.ts";
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
import { checkRange } from "../../src/store/range.ts";

const CHUNK_BYTES = 64 << 10;

interface Held {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
  modifiedMs: number;
}

/** Called before each request; what it throws is the request's failure. */
export type OnRequest = (operation: "get" | "head" | "put" | "list" | "delete", key: string) => void;

export class MemoryStore implements ObjectStore {
  readonly name = "memory://bucket";
  /** The store's clock, ms since 1970. */
  nowMs: () => number;
  onRequest: OnRequest = () => {};
  readonly #objects = new Map<string, Held>();
  /** In their order. */
  readonly #keys: string[] = [];
  #puts = 0;

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<StoredObject | undefined> {
    checkRange(range);
    this.#begin("get", key, signal);
    const held = this.#objects.get(key);
    if (held === undefined) return undefined;
    const { offset, length } = range ?? { offset: 0, length: held.bytes.length };
    if (offset + length > held.bytes.length)
      throw new Error(`get ${key}`, {
        cause: new RangeError(`range ends beyond ${held.bytes.length} bytes`),
      });
    const bytes = held.bytes.subarray(offset, offset + length);
    return { ...infoOf(held), bodyBytes: length, body: bodyOf(bytes, signal) };
  }

  async head(key: string, { signal }: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    this.#begin("head", key, signal);
    const held = this.#objects.get(key);
    return held && infoOf(held);
  }

  async put(key: string, body: PutBody, { onlyIf, signal }: PutOptions = {}): Promise<PutResult> {
    this.#begin("put", key, signal);
    const bytes = await bytesOf(body);
    const held = this.#objects.get(key);
    if (onlyIf === "absent" && held !== undefined) return "refused";
    if (typeof onlyIf === "object" && held?.etag !== onlyIf.etag) return "refused";
    if (held === undefined) this.#keys.splice(this.#firstAt(key), 0, key);
    this.#objects.set(key, { bytes, etag: `"${++this.#puts}"`, modifiedMs: this.nowMs() });
    return "stored";
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage, void, void> {
    const { startAfter = "", pageSize = 1000, signal } = options;
    let last = startAfter;
    for (let isLast = false; !isLast; ) {
      this.#begin("list", prefix, signal, true);
      const keys = this.#keysAfter(prefix, last, pageSize + 1);
      isLast = keys.length <= pageSize;
      const objects = keys
        .slice(0, pageSize)
        .map((key) => ({ key, ...infoOf(this.#objects.get(key) as Held) }));
      last = objects.at(-1)?.key ?? last;
      yield { objects, serverTimeMs: this.nowMs() };
    }
  }

  async delete(key: string, { signal }: RequestOptions = {}): Promise<void> {
    this.#begin("delete", key, signal);
    if (this.#objects.delete(key)) this.#keys.splice(this.#firstAt(key), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Sets when an object was written, by the store's clock. */
  setModified(key: string, modifiedMs: number): void {
    const held = this.#objects.get(key);
    if (held === undefined) throw new Error(`there is no ${key}`);
    held.modifiedMs = modifiedMs;
  }

  /** All keys with this prefix, in their order. */
  keys(prefix = ""): string[] {
    return this.#keysAfter(prefix, "", Number.POSITIVE_INFINITY);
  }

  bytesAt(key: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#objects.get(key)?.bytes;
  }

  #keysAfter(prefix: string, after: string, limit: number): string[] {
    const found: string[] = [];
    for (
      let at = this.#firstAt(compareUtf8(prefix, after) > 0 ? prefix : after);
      found.length < limit;
      at++
    ) {
      const key = this.#keys[at];
      if (key === undefined || !(key.startsWith(prefix) || key === after)) break;
      if (key !== after) found.push(key);
    }
    return found;
  }

  /** The place of the first key that is not before this one. */
  #firstAt(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #begin(
    operation: Parameters<OnRequest>[0],
    key: string,
    signal: AbortSignal | undefined,
    isPrefix = false,
  ): void {
    signal?.throwIfAborted();
    const isBad = key.split("/").some((name) => name === "" || name === "." || name === "..");
    if (isBad && !isPrefix) throw new Error(`${JSON.stringify(key)} is not a key`);
    this.onRequest(operation, key);
  }
}

function infoOf({ bytes, etag, modifiedMs }: Held): ObjectInfo {
  return { sizeBytes: bytes.length, etag, modifiedMs };
}

/** A copy: the caller may change its bytes. */
async function bytesOf(body: PutBody): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const bytes = await Bun.file(body.path).bytes();
  if (bytes.length !== body.sizeBytes) throw new Error(`${body.path} has ${bytes.length} bytes`);
  return bytes as Uint8Array<ArrayBuffer>;
}

function bodyOf(bytes: Uint8Array, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (signal?.aborted) {
        controller.error(signal.reason);
        return;
      }
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
    },
  });
}
