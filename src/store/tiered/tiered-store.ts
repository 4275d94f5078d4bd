/**
 * Named files in two places: below the cache directory, and in the object store behind it.
 *
 *     <cache directory>/<kind>/<xx>/<SHA-256 of the name>      time of last change = last use, to the hour
 *     [<prefix>/]<kind>/<xx>/<SHA-256 of the name>             the same bytes, nothing else
 *
 * This is where tailscale/go-cache-plugin keeps modules and what its forward proxy keeps, both ways. What a name
 * means, and whether bytes are good, is the caller's business: nothing read from the store is trusted.
 */
import { SingleFlight } from "../../lib/async/single-flight.ts";
import type { Logger } from "../../lib/logger.ts";
import type { LocalDir } from "../local/local-dir.ts";
import { hashName, NamedFiles, type StoredFile } from "../local/named-files.ts";
import type { TempFile } from "../local/temp-file.ts";
import { MAX_OBJECT_BYTES } from "../object-limit.ts";
import type { ObjectStore } from "../object-store.ts";
import type { StoreHealth } from "../store-health.ts";
import { WriteBehind } from "../upload/write-behind.ts";
import { ObjectDownloads } from "./object-downloads.ts";
import { uploadFile } from "./upload-file.ts";

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
  store: ObjectStore;
  /** Goes before every key, as given. */
  prefix: string;
  health: StoreHealth;
  /** Nothing is ever uploaded. */
  readOnly: boolean;
  /** Uploads and downloads at once. */
  uploads: number;
  downloads: number;
  /** Longest wait for the first byte of an answer. */
  timeoutMs: number;
  /** Where the journal of uploads lies: a directory of this store, kind and prefix alone. */
  journalDir: string;
  /** Asked just before an upload, however old; `false`: it is not worth one. By default everything is. */
  mayUpload?: (name: string) => Promise<boolean>;
}

export class TieredStore {
  readonly #files: NamedFiles;
  readonly #downloads: ObjectDownloads | undefined;
  readonly #uploads: WriteBehind | undefined;
  readonly #count: (event: string, amount?: number) => void;
  /** Fetches under way, by name. */
  readonly #flights = new SingleFlight<StoredFile | undefined>();

  constructor({ dir, kind, maxBytes = MAX_OBJECT_BYTES, remote, log, count }: TieredStoreOptions) {
    this.#files = new NamedFiles(dir, kind);
    this.#count = count;
    if (remote === undefined) return;
    this.#downloads = new ObjectDownloads({ ...remote, kind, maxBytes, log, count });
    if (remote.readOnly) return;
    const findPath = (name: string) => this.#files.find(name)?.path;
    const uploads = new WriteBehind({
      ...remote,
      concurrency: remote.uploads,
      upload: (name, signal) =>
        uploadFile(name, { ...remote, kind, log, count, findPath, line: uploads.line, signal }),
    });
    this.#uploads = uploads;
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
    this.#downloads?.abort();
    await this.#uploads?.drain(0);
  }

  async #fetchRemote(name: string, check: FileCheck): Promise<StoredFile | undefined> {
    const downloads = this.#downloads;
    if (downloads === undefined) return undefined;
    return await this.#flights.run(name, () =>
      downloads.run(hashName(name), (receive) => this.#bring(name, check, receive)),
    );
  }

  async #bring(
    name: string,
    check: FileCheck,
    receive: (temp: TempFile) => Promise<boolean>,
  ): Promise<StoredFile | undefined> {
    const temp = this.#files.createTemp();
    try {
      if (!(await receive(temp))) return undefined;
      if (await check(temp.path)) return this.#files.keep(name, temp);
      this.#count("get_fault_bad");
      return undefined;
    } finally {
      // Harmless when it was kept.
      temp.discard();
    }
  }
}
