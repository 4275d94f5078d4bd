/**
 * Named files in two tiers: the cache directory and the object store.
 *
 *     <cache directory>/<kind>/<xx>/<SHA-256 of the name>      mtime = last use, to the hour
 *     [<prefix>/]<kind>/<xx>/<SHA-256 of the name>             the same bytes, nothing else
 *
 * tailscale/go-cache-plugin uses the same paths and keys for modules and its forward proxy. The caller defines the
 * meaning of names and checks the bytes: nothing from the store is trusted.
 */
import { statSync } from "node:fs";
import { posix } from "node:path";
import { Semaphore } from "../../lib/async/semaphore.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import { isErrno } from "../../lib/files/errno.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { GuardedStore } from "../guard/guarded-store.ts";
import type { LocalDir } from "../local/local-dir.ts";
import { hashName, NamedFiles, type StoredFile } from "../local/named-files.ts";
import type { TempFile } from "../local/temp-file.ts";
import { MAX_OBJECT_BYTES } from "../object-limit.ts";
import type { StoredObject } from "../object-store.ts";
import { isAccessDenied, isDiskFailure } from "../store-failure.ts";
import { UploadQueue } from "../upload/upload-queue.ts";

export type { StoredFile } from "../local/named-files.ts";

/** Whether the file at `path` is valid for its name. `sha256`: of its bytes, if it has just been received. */
export type FileCheck = (path: string, sha256?: string) => boolean | Promise<boolean>;

export interface TieredStoreOptions {
  dir: LocalDir;
  /** The directory below the cache directory, and below the prefix: `module`, `revproxy`. */
  kind: string;
  /** Larger objects are ignored. Default: the largest object that can be stored. */
  maxBytes?: number;
  /** `undefined`: local disk only. */
  remote: RemoteTier | undefined;
  log: Logger;
  /** Counts events: `get_local_hit`, `get_fault_hit` and so on. */
  count: (event: string, amount?: number) => void;
}

export interface RemoteTier {
  store: GuardedStore;
  /** Prepended to every key, unchanged. */
  prefix: string;
  /** No uploads. */
  readOnly: boolean;
  /** Uploads at once. */
  uploads: number;
  /** Directory of the journal of pending uploads. Not shared with other stores, kinds or prefixes. */
  journalDir: string;
  /** Called right before each upload; `false` skips it. Default: upload everything. */
  mayUpload?: (name: string) => Promise<boolean>;
}

interface ReceivedFile {
  temp: TempFile;
  sha256: string;
}

/** Concurrent downloads. No timeout depends on it. */
const DOWNLOADS = 40;

export class TieredStore {
  readonly #options: TieredStoreOptions;
  readonly #files: NamedFiles;
  readonly #uploads: UploadQueue | undefined;
  readonly #count: (event: string, amount?: number) => void;
  readonly #slots = new Semaphore(DOWNLOADS);
  readonly #closing = new AbortController();
  /** Fetches under way, by name. */
  readonly #flights = new SingleFlight<StoredFile | undefined>();

  constructor(options: TieredStoreOptions) {
    const { dir, kind, remote, count } = options;
    this.#options = options;
    this.#files = new NamedFiles(dir, kind);
    this.#count = count;
    if (remote === undefined || remote.readOnly) return;
    this.#uploads = new UploadQueue({
      ...remote,
      concurrency: remote.uploads,
      upload: (name, signal) => this.#upload(name, remote, signal),
    });
  }

  /** The local file. Marks it as used. The content is not verified. */
  find(name: string): StoredFile | undefined {
    return this.#files.find(name);
  }

  /**
   * The file, fetched from the store if it is not local. `undefined`: neither tier has a valid file, or the store
   * fails. Each process checks a local file once, and again after a change; a file that fails is removed. Concurrent
   * calls for one name share the work. Never rejects.
   */
  async fetch(name: string, check: FileCheck = () => true): Promise<StoredFile | undefined> {
    return (await this.fetchLocal(name, check)) ?? (await this.#fetchRemote(name, check));
  }

  /** Like `fetch`, but without the store. */
  async fetchLocal(name: string, check: FileCheck = () => true): Promise<StoredFile | undefined> {
    const known = this.#files.findTrusted(name);
    if (known !== undefined) {
      this.#count("get_local_hit");
      return known;
    }
    const { file, isBad } = await this.#files.findGood(name, check);
    if (file !== undefined) this.#count("get_local_hit");
    else this.#count(isBad ? "get_local_bad" : "get_local_miss");
    return file;
  }

  /** Creates a file on the cache's file system. Throws if the disk can't be written. */
  createTemp(): TempFile {
    return this.#files.createTemp();
  }

  /**
   * Publishes a file that the caller has verified, and uploads it in the background. Throws if the disk fails; the
   * temporary file then remains.
   */
  keep(name: string, temp: TempFile, options: { upload: boolean }): StoredFile {
    const file = this.#files.keep(name, temp);
    this.#count("put_local");
    if (options.upload) this.upload(name);
    return file;
  }

  /** Uploads the local file in the background, replacing the store's. */
  upload(name: string): void {
    this.#uploads?.push(name);
  }

  /** Number of files not uploaded yet. */
  get waitingUploads(): number {
    return this.#uploads?.size ?? 0;
  }

  /** Removes the local file because it is invalid or no longer needed. */
  remove(name: string): void {
    this.#files.remove(name);
  }

  /** Adopts the pending uploads of dead processes on this machine and returns their number. */
  adoptUploads(): number {
    return this.#uploads?.adopt() ?? 0;
  }

  /** Resolves when all uploads are done or hopeless, or after `limitMs`. The rest stays in the journal. */
  async drain(limitMs: number): Promise<void> {
    await this.#uploads?.drain(limitMs);
  }

  /** Aborts all work in progress. Does not close the object store. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the store is closed"));
    await this.#uploads?.drain(0);
  }

  /** While the remote does not answer, occasional downloads run in the background as probes. */
  async #fetchRemote(name: string, check: FileCheck): Promise<StoredFile | undefined> {
    const { remote } = this.#options;
    const { state } = remote?.store.health.reads ?? { state: "open" };
    if (remote === undefined || state === "open") return undefined;
    const flight = this.#flights.run(name, () => this.#download(name, remote, check));
    return state === "closed" ? await flight : undefined;
  }

  /** Never rejects: every failure is a miss. */
  async #download(name: string, remote: RemoteTier, check: FileCheck): Promise<StoredFile | undefined> {
    const { signal } = this.#closing;
    const key = this.#keyOf(name, remote);
    try {
      const received = await this.#slots.run(async () => {
        const object = await remote.store.get(key, { signal });
        return object && (await this.#receive(key, object));
      });
      // Not in a slot: the check may fetch other files.
      const file = received && (await this.#keepGood(name, received, check));
      this.#count(file === undefined ? "get_fault_miss" : "get_fault_hit");
      return file;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#options.log.info(() => `get ${key}: ${describeError(error)}`);
      // S3 also answers 403 for an absent object if listing is not granted.
      if (isAccessDenied(error)) this.#count("get_fault_miss");
      else this.#count(isDiskFailure(error) ? "get_local_error" : "get_fault_error");
      return undefined;
    }
  }

  async #receive(key: string, object: StoredObject): Promise<ReceivedFile | undefined> {
    const { maxBytes = MAX_OBJECT_BYTES, log } = this.#options;
    if (object.bodyBytes > maxBytes) {
      await object.body.cancel();
      log.info(() => `get ${key}: not read, ${object.bodyBytes} bytes exceed the limit of ${maxBytes}`);
      return undefined;
    }
    const temp = this.#files.createTemp();
    try {
      const hash = new Bun.CryptoHasher("sha256");
      for await (const chunk of object.body) {
        hash.update(chunk);
        temp.write(chunk);
      }
      this.#count("get_fault_bytes", temp.sizeBytes);
      return { temp, sha256: hash.digest("hex") };
    } catch (error) {
      temp.discard();
      throw error;
    }
  }

  async #keepGood(
    name: string,
    { temp, sha256 }: ReceivedFile,
    check: FileCheck,
  ): Promise<StoredFile | undefined> {
    try {
      if (await check(temp.path, sha256)) return this.#files.keep(name, temp);
      this.#count("get_fault_bad");
      return undefined;
    } finally {
      // Has no effect if the file was published.
      temp.discard();
    }
  }

  /** Returns whether a request was sent. Rejects if the upload failed. */
  async #upload(name: string, remote: RemoteTier, signal: AbortSignal): Promise<boolean> {
    try {
      const isWanted = await (remote.mayUpload?.(name) ?? true);
      const path = isWanted ? this.#files.find(name)?.path : undefined;
      const sizeBytes = path === undefined ? Number.POSITIVE_INFINITY : statSync(path).size;
      if (path === undefined || sizeBytes > MAX_OBJECT_BYTES) return false;
      await remote.store.put(this.#keyOf(name, remote), { path, sizeBytes }, { signal });
      this.#count("put_s3");
      this.#count("put_s3_bytes", sizeBytes);
      return true;
    } catch (error) {
      // The file was pruned or found invalid since it was enqueued.
      if (isErrno(error, "ENOENT")) return false;
      this.#count("put_s3_error");
      this.#options.log.info(() => `put ${name}: ${describeError(error)}`);
      throw error;
    }
  }

  /** With an empty prefix, keys have no leading slash. */
  #keyOf(name: string, { prefix }: RemoteTier): string {
    const hash = hashName(name);
    return posix.join(prefix, this.#options.kind, hash.slice(0, 2), hash);
  }
}
