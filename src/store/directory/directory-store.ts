/**
 * Objects as plain files: the object `a/b` is the file `<root>/a/b`. For sharing over a mount, for a CI's cache step,
 * and for trying the tool without a server. All file operations are asynchronous and are not awaited after an abort: a
 * mount that hangs must not block the program.
 */
import { type FileHandle, lstat, open, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { abortable } from "../../lib/async/abortable.ts";
import { isErrno } from "../../lib/files/errno.ts";
import { fileBody } from "../../lib/files/file-body.ts";
import { READ_NO_LINK } from "../../lib/files/no-link.ts";
import type {
  GetOptions,
  ListedObject,
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
import { checkRange } from "../range.ts";
import { prefixDirectory, splitKey } from "./directory-key.ts";
import { DirectoryTree } from "./directory-tree.ts";
import { walkKeys } from "./directory-walk.ts";
import { DirectoryWriter } from "./directory-writer.ts";

const DEFAULT_PAGE_SIZE = 1000;

/** The result of `lstat` with integers. */
interface FileFacts {
  isFile(): boolean;
  size: bigint;
  mtimeNs: bigint;
  ino: bigint;
}

export class DirectoryStore implements ObjectStore {
  readonly name: string;
  readonly #tree: DirectoryTree;
  readonly #writer: DirectoryWriter;

  /** Touches no files; the first put creates the directory. */
  constructor(rootPath: string) {
    const root = resolve(rootPath);
    this.name = pathToFileURL(root).href;
    this.#tree = new DirectoryTree(root);
    this.#writer = new DirectoryWriter(this.#tree, async (path) => (await factsOf(path))?.etag);
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    checkRange(options.range);
    return await this.#bounded("get", key, options.signal, (names) => this.#get(names, options));
  }

  async head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    return await this.#bounded("head", key, options.signal, (names) => this.#head(names));
  }

  async put(key: string, body: PutBody, options: PutOptions = {}): Promise<PutResult> {
    const write = (names: string[]) => this.#writer.write(names, body, options);
    return await this.#bounded("put", key, options.signal, write);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage, void, void> {
    const { startAfter = "", pageSize = DEFAULT_PAGE_SIZE, signal } = options;
    signal?.throwIfAborted();
    const start = prefixDirectory(prefix);
    const isThere = start !== undefined && (await abortable(this.#tree.find(start), signal)) !== undefined;
    const directoryKey = start?.map((name) => `${name}/`).join("") ?? "";
    const serverTimeMs = await abortable(this.#now(), signal);
    const walk = { root: this.#tree.root, prefix, startAfter, signal };
    let keys: string[] = [];
    for await (const key of isThere ? walkKeys(walk, directoryKey) : []) {
      if (keys.length === pageSize) {
        yield { objects: await this.#listed(keys, signal), serverTimeMs };
        keys = [];
      }
      keys.push(key);
    }
    yield { objects: await this.#listed(keys, signal), serverTimeMs };
  }

  async delete(key: string, options: RequestOptions = {}): Promise<void> {
    await this.#bounded("delete", key, options.signal, (names) => this.#delete(names));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Runs one operation on one key: stops waiting at the abort, and names the operation in errors. */
  async #bounded<T>(
    operation: string,
    key: string,
    signal: AbortSignal | undefined,
    action: (names: string[]) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await abortable(action(splitKey(key)), signal);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new Error(`${operation} ${this.name}/${key}`, { cause });
    }
  }

  async #get(names: string[], { range, signal }: GetOptions): Promise<StoredObject | undefined> {
    const path = await this.#tree.find(names);
    const file = path === undefined ? undefined : await openIfThere(path);
    if (path === undefined || file === undefined) return undefined;
    try {
      const info = toInfo(await file.stat({ bigint: true }));
      const { offset, length } = range ?? { offset: 0, length: info?.sizeBytes ?? 0 };
      if (info !== undefined && offset + length > info.sizeBytes) {
        throw new RangeError(`range ends beyond ${info.sizeBytes} bytes`);
      }
      signal?.throwIfAborted();
      if (info !== undefined) {
        return { ...info, bodyBytes: length, body: fileBody(file, { path, offset, length, signal }) };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  async #head(names: string[]): Promise<ObjectInfo | undefined> {
    const path = await this.#tree.find(names);
    return path === undefined ? undefined : await factsOf(path);
  }

  async #delete(names: string[]): Promise<void> {
    const path = await this.#tree.find(names);
    // A directory is not an object.
    if (path === undefined || (await factsOf(path)) === undefined) return;
    await unlink(path).catch((error: unknown) => {
      if (!isErrno(error, "ENOENT")) throw error;
    });
  }

  async #listed(keys: string[], signal: AbortSignal | undefined): Promise<ListedObject[]> {
    const facts = keys.map((key) => factsOf(join(this.#tree.root, key)));
    const found = await abortable(Promise.all(facts), signal);
    return keys.flatMap((key, at) => {
      const info = found[at];
      return info === undefined ? [] : [{ key, ...info }];
    });
  }

  /**
   * The clock of the file system. Falls back to the local clock if the directory is read-only; then nothing can be
   * removed either.
   */
  async #now(): Promise<number> {
    if ((await this.#tree.find([])) === undefined) return Date.now();
    return await this.#writer.now().catch(() => Date.now());
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ_NO_LINK);
  } catch (error) {
    // ELOOP: a link. ENXIO: a socket.
    if (isErrno(error, "ENOENT", "ELOOP", "ENXIO")) return undefined;
    throw error;
  }
}

async function factsOf(path: string): Promise<ObjectInfo | undefined> {
  try {
    return toInfo(await lstat(path, { bigint: true }));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** `undefined` if it is not a plain file. Every put creates a new file, so its etag differs. */
function toInfo(facts: FileFacts): ObjectInfo | undefined {
  if (!facts.isFile()) return undefined;
  const etag = `"${facts.mtimeNs}-${facts.size}-${facts.ino}"`;
  return { sizeBytes: Number(facts.size), etag, modifiedMs: Number(facts.mtimeNs / 1_000_000n) };
}
