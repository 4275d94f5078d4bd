/**
 * What the caches need of a place that keeps bytes under keys. Two places implement it, an S3 bucket
 * (`s3-store.ts`) and a directory (`directory-store.ts`), and both pass `test/support/store-contract.ts`.
 *
 * Keys are `/`-separated text without a leading slash, any Unicode except NUL. An absent object is a value
 * (`undefined`), never an error; every other failure rejects. `signal` bounds the whole call, retries and
 * the reading of the body included; an aborted call rejects with the signal's reason.
 */
export interface ObjectStore {
  /** For messages: `s3://bucket` or `file:///path`. */
  readonly name: string;
  /** For messages: the address of a server that is not AWS's, such as `http://localhost:9000`. */
  readonly endpoint?: string | undefined;
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined>;
  put(key: string, body: PutBody, options?: PutOptions): Promise<PutResult>;
  /** Every object whose key starts with `prefix`, in ascending order of UTF-8 bytes, a page at a time. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage>;
  /** Succeeds as well when there is no such object. */
  delete(key: string, options?: RequestOptions): Promise<void>;
  /** Drops idle connections; the store is not used afterwards. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  /** Bytes `offset` to `offset + length - 1`; a range beyond the end rejects. */
  range?: { offset: number; length: number };
  /** Nobody waits for the whole of it: the body may take its time, as long as something comes. See `GuardedStore`. */
  isLong?: boolean;
}

export interface ObjectInfo {
  /** Bytes of the whole object. */
  sizeBytes: number;
  /** Opaque; compared only with other etags of this store. */
  etag: string;
  modifiedMs: number;
}

export interface StoredObject extends ObjectInfo {
  /** Bytes that `body` will yield: the whole object's, or the range's. A body that ends early rejects. */
  bodyBytes: number;
  /** Read it to its end or cancel it: an abandoned body keeps a connection. */
  body: ReadableStream<Uint8Array>;
}

/** Bytes in memory, or a file that is read when sent (never held whole). */
export type PutBody = Uint8Array | { path: string; sizeBytes: number };

export interface PutOptions extends RequestOptions {
  /** SHA-256 of the body in lower-case hex, when the caller knows it already. */
  sha256?: string;
  /** `"absent"`: only if there is no such object; an etag: only if the object still has it. */
  onlyIf?: "absent" | { etag: string };
}

/** `"refused"`: the `onlyIf` condition did not hold and nothing was written. */
export type PutResult = "stored" | "refused";

export interface ListOptions extends RequestOptions {
  /** Only keys after this one. */
  startAfter?: string;
  /** Most objects a page; the store may return fewer. */
  pageSize?: number;
}

export interface ListPage {
  objects: ListedObject[];
  /** The store's own clock when it answered (S3: the Date header). */
  serverTimeMs: number;
}

export interface ListedObject extends ObjectInfo {
  key: string;
}
