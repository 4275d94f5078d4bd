/**
 * Named files in two places: below the cache directory, and in the object store behind it.
 *
 *     <cache directory>/<kind>/<xx>/<SHA-256 of the name>      time of last change = last use, to the hour
 *     [<prefix>/]<kind>/<xx>/<SHA-256 of the name>             the same bytes, nothing else
 *
 * This is where tailscale/go-cache-plugin keeps modules and what its forward proxy keeps, both ways. What a name
 * means, and whether bytes are good, is the caller's business: nothing read from the store is trusted.
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

/** Whether the file at `path`, which was stored under the name, is what that name means. */
export type FileCheck = (path: string) => boolean | Promise<boolean>;

export interface TieredStoreOptions {
  dir: LocalDir;
  /** The directory below the cache directory, and below the prefix: `module`, `revproxy`. */
  kind: string;
  /** A larger object of the store is none of ours; by default what can be stored at all. */
  maxBytes?: number;
  /** `undefined`: there is only the local disk. */
  remote: RemoteTier | undefined;
  log: Logger;
  /** Told what happens: `get_local_hit`, `get_fault_hit` and so on. */
  count: (event: string, amount?: number) => void;
}

export interface RemoteTier {
  store: GuardedStore;
  /** Goes before every key, as given. */
  prefix: string;
  /** Nothing is ever uploaded. */
  readOnly: boolean;
  /** Uploads at once. */
  uploads: number;
  /** Where the journal of uploads lies: a directory of this store, kind and prefix alone. */
  journalDir: string;
  /** Asked just before an upload, however old; `false`: it is not worth one. By default everything is. */
  mayUpload?: (name: string) => Promise<boolean>;
}

/** Downloads at once; nobody's patience depends on it. */
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

  /** The local file, which counts as used now; its content may be anything. */
  find(name: string): StoredFile | undefined {
    return this.#files.find(name);
  }

  /**
   * The file, brought from the store if it is not here. `undefined`: nowhere, or nowhere good, or the store is in
   * trouble. A local file is checked once a process, and again when it has changed; one that fails is removed. Calls
   * at once for one name share the work. Never rejects.
   */
  async fetch(name: string, check: FileCheck = () => true): Promise<StoredFile | undefined> {
    return (await this.fetchLocal(name, check)) ?? (await this.#fetchRemote(name, check));
  }

  /** The same, without asking the store. */
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

  /** A new file on the file system of the cache. Throws when the disk takes nothing. */
  createTemp(): TempFile {
    return this.#files.createTemp();
  }

  /**
   * Makes a finished file, which the caller has found good, the one of that name, and uploads it behind. Throws when
   * the disk fails; the temporary file is still there then.
   */
  keep(name: string, temp: TempFile, options: { upload: boolean }): StoredFile {
    const file = this.#files.keep(name, temp);
    this.#count("put_local");
    if (options.upload) this.upload(name);
    return file;
  }

  /** Uploads the local file of that name behind, whatever the store has there. */
  upload(name: string): void {
    this.#uploads?.push(name);
  }

  /** How many files are not uploaded yet. */
  get waitingUploads(): number {
    return this.#uploads?.size ?? 0;
  }

  /** Removes the local file: its content is not what it should be, or no longer wanted. */
  remove(name: string): void {
    this.#files.remove(name);
  }

  /** Takes up the uploads that processes of this machine which died have left; returns how many there are. */
  adoptUploads(): number {
    return this.#uploads?.adopt() ?? 0;
  }

  /** Resolves when all uploads are done, or have no hope, or after `limitMs`; the rest is left in the journal. */
  async drain(limitMs: number): Promise<void> {
    await this.#uploads?.drain(limitMs);
  }

  /** Ends what is under way. The object store itself is the caller's to close. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the store is closed"));
    await this.#uploads?.drain(0);
  }

  /** While the remote does not answer, it is probed now and then with nobody waiting. */
  async #fetchRemote(name: string, check: FileCheck): Promise<StoredFile | undefined> {
    const { remote } = this.#options;
    const { state } = remote?.store.health.reads ?? { state: "open" };
    if (remote === undefined || state === "open") return undefined;
    const flight = this.#flights.run(name, () => this.#slots.run(() => this.#download(name, remote, check)));
    return state === "closed" ? await flight : undefined;
  }

  /** Never rejects: everything that goes wrong is a miss. */
  async #download(name: string, remote: RemoteTier, check: FileCheck): Promise<StoredFile | undefined> {
    const { signal } = this.#closing;
    const key = this.#keyOf(name, remote);
    try {
      const object = await remote.store.get(key, { signal });
      const file = object && (await this.#receive(name, key, object, check));
      this.#count(file === undefined ? "get_fault_miss" : "get_fault_hit");
      return file;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#options.log.info(() => `get ${key}: ${describeError(error)}`);
      // What S3 answers for an absent object when listing is not granted.
      if (isAccessDenied(error)) this.#count("get_fault_miss");
      else this.#count(isDiskFailure(error) ? "get_local_error" : "get_fault_error");
      return undefined;
    }
  }

  async #receive(
    name: string,
    key: string,
    object: StoredObject,
    check: FileCheck,
  ): Promise<StoredFile | undefined> {
    const { maxBytes = MAX_OBJECT_BYTES, log } = this.#options;
    if (object.bodyBytes > maxBytes) {
      await object.body.cancel();
      log.info(() => `get ${key}: ${object.bodyBytes} bytes are more than any such file has`);
      return undefined;
    }
    const temp = this.#files.createTemp();
    try {
      for await (const chunk of object.body) temp.write(chunk);
      this.#count("get_fault_bytes", temp.sizeBytes);
      if (await check(temp.path)) return this.#files.keep(name, temp);
      this.#count("get_fault_bad");
      return undefined;
    } finally {
      // Harmless when it was kept.
      temp.discard();
    }
  }

  /** Returns whether the store was asked; rejects when it failed. */
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
      // Pruned, or found bad, since it was queued.
      if (isErrno(error, "ENOENT")) return false;
      this.#count("put_s3_error");
      this.#options.log.info(() => `put ${name}: ${describeError(error)}`);
      throw error;
    }
  }

  /** An empty prefix leaves no slash. */
  #keyOf(name: string, { prefix }: RemoteTier): string {
    const hash = hashName(name);
    return posix.join(prefix, this.#options.kind, hash.slice(0, 2), hash);
  }
}
