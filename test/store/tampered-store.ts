import { DirectoryStore } from "../../src/store/directory/directory-store.ts";
import type {
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutBody,
  PutOptions,
  PutResult,
  StoredObject,
} from "../../src/store/object-store.ts";

type Get = () => Promise<StoredObject | undefined>;
type Put = () => Promise<PutResult>;
type List = () => AsyncGenerator<ListPage, void, void>;

/** A directory of objects that records its calls, and fails, delays or changes calls as a test requires. */
export class TamperedStore extends DirectoryStore {
  /** `get action/…`, `get pack/… 10+5`, `put output/… absent`, `list run/…`, in order. */
  readonly calls: string[] = [];
  /** Called in place of the directory's operation. */
  onGet: (key: string, get: Get, signal: AbortSignal | undefined) => ReturnType<Get> = (_, get) => get();
  onPut: (key: string, put: Put, signal: AbortSignal | undefined) => ReturnType<Put> = (_, put) => put();
  onList: (prefix: string, list: List, signal: AbortSignal | undefined) => ReturnType<List> = (_, list) =>
    list();

  override async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    this.calls.push(`get ${key}${options.range === undefined ? "" : ` ${rangeText(options.range)}`}`);
    return await this.onGet(key, () => super.get(key, options), options.signal);
  }

  override async put(key: string, body: PutBody, options: PutOptions = {}): Promise<PutResult> {
    this.calls.push(`put ${key}${options.onlyIf === "absent" ? " absent" : ""}`);
    return await this.onPut(key, () => super.put(key, body, options), options.signal);
  }

  override async *list(prefix: string, options: ListOptions = {}): ReturnType<List> {
    this.calls.push(`list ${prefix}`);
    yield* this.onList(prefix, () => super.list(prefix, options), options.signal);
  }
}

function rangeText({ offset, length }: { offset: number; length: number }): string {
  return `${offset}+${length}`;
}

/** An object as text; `undefined` if it does not exist. */
export async function objectText(store: ObjectStore, key: string): Promise<string | undefined> {
  const object = await store.get(key);
  return object && (await new Response(object.body as never).text());
}

/** Rejects with the signal's reason when it aborts; never settles otherwise. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal?.aborted) reject(signal.reason);
  signal?.addEventListener("abort", () => reject(signal.reason));
  return promise;
}

/** An object with the body `text`, which then ends, fails, or hangs until the signal aborts. */
export function objectOf(
  text: string,
  ending: { error?: unknown; hangUntil?: AbortSignal | undefined } = {},
): StoredObject {
  const bytes = Buffer.from(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (text !== "") controller.enqueue(bytes);
      if ("hangUntil" in ending) untilAborted(ending.hangUntil).catch((reason) => controller.error(reason));
      else if (ending.error === undefined) controller.close();
    },
    pull(controller) {
      if (ending.error !== undefined) controller.error(ending.error);
    },
  });
  return { body, bodyBytes: bytes.length, sizeBytes: bytes.length, etag: '"x"', modifiedMs: 0 };
}
