/**
 * A store of bytes under keys, as the caches need it. Implementations: an S3 bucket (`s3-store.ts`) and a directory
 * (`directory-store.ts`). Both pass `test/support/store-contract.ts`.
 *
 * Keys are `/`-separated text without a leading slash, any Unicode except NUL. An absent object is `undefined`, not an
 * error; every other failure rejects. `signal` bounds the whole call, including retries and reading the body. An
 * aborted call rejects with the signal's reason.
 */
export interface ObjectStore {
  /** For messages: `s3://bucket` or `file:///path`. */
  readonly name: string;
  /** For messages: the address of a server other than AWS, such as `http://localhost:9000`. */
  readonly endpoint?: string | undefined;
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined>;
  put(key: string, body: PutBody, options?: PutOptions): Promise<PutResult>;
  /** All objects with keys that begin with `prefix`, ascending by UTF-8 bytes, in pages. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage>;
  /** Succeeds if the object does not exist. */
  delete(key: string, options?: RequestOptions): Promise<void>;
  /** Closes idle connections. The store can't be used afterwards. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  /** Bytes `offset` to `offset + length - 1`; a range beyond the end rejects. */
  range?: { offset: number; length: number };
  /** A read that go does not wait for: the body may take any time as long as data arrives. See `GuardedStore`. */
  isLong?: boolean;
}

export interface ObjectInfo {
  /** Size of the whole object. */
  sizeBytes: number;
  /** Opaque; comparable only with etags of the same store. */
  etag: string;
  modifiedMs: number;
}

export interface StoredObject extends ObjectInfo {
  /** Number of bytes in `body`: the whole object or the range. A body that ends early rejects. */
  bodyBytes: number;
  /** Read it to its end or cancel it: an abandoned body occupies a connection. */
  body: ReadableStream<Uint8Array>;
}

/** Bytes in memory, or a file that is read when sent and never buffered whole. */
export type PutBody = Uint8Array | { path: string; sizeBytes: number };

export interface PutOptions extends RequestOptions {
  /** SHA-256 of the body in lower-case hex, if the caller knows it. */
  sha256?: string;
  /** `"absent"`: write only if the object does not exist. An etag: write only if the object still has it. */
  onlyIf?: "absent" | { etag: string };
}

/** `"refused"`: the `onlyIf` condition failed, so nothing was written. */
export type PutResult = "stored" | "refused";

export interface ListOptions extends RequestOptions {
  /** Only keys after this one. */
  startAfter?: string;
  /** Maximum number of objects per page; the store may return fewer. */
  pageSize?: number;
}

export interface ListPage {
  objects: ListedObject[];
  /** The store's clock at the time of the answer (S3: the Date header). */
  serverTimeMs: number;
}

export interface ListedObject extends ObjectInfo {
  key: string;
}
