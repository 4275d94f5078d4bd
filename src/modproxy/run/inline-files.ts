import type { Counters } from "../../lib/counters.ts";
import type { FileStorage } from "../files/file-storage.ts";
import type { ModRequest } from "../names/mod-request.ts";

interface InlineFile {
  request: ModRequest;
  sha256: string;
  bytes: Buffer;
  isChecked: boolean;
}

export interface InlineFilesOptions {
  storage: FileStorage;
  /** Resolves when no client waits. */
  whenIdle: () => Promise<void>;
  /** Called for every file that is on the disk from now on. */
  onStored: (request: ModRequest) => void;
  counters: Counters;
}

/**
 * The small files that the record of the last run contains, in memory until no client waits: to create hundreds of files
 * takes a multiple of the time that it takes to answer with them. A record bounds their size.
 */
export class InlineFiles {
  readonly #options: InlineFilesOptions;
  readonly #files = new Map<string, InlineFile>();
  #storing: Promise<void> | undefined;

  constructor(options: InlineFilesOptions) {
    this.#options = options;
  }

  /** Keeps a file of a record. Its bytes are checked when they are needed. */
  add(request: ModRequest, sha256: string, bytes: Buffer): void {
    this.#files.set(request.name, { request, sha256, bytes, isChecked: false });
    this.#options.counters.add("mod_run_inline");
    this.#storing ??= this.#options.whenIdle().then(() => this.store());
  }

  /** A file that is not on the disk yet. `undefined`: there is none, or its bytes are wrong. */
  find(name: string): { sha256: string; bytes: Buffer } | undefined {
    const file = this.#files.get(name);
    if (file === undefined) return undefined;
    file.isChecked ||= this.#isGood(file);
    if (file.isChecked) return { sha256: file.sha256, bytes: file.bytes };
    this.#files.delete(name);
    return undefined;
  }

  /** Removes a file that was found wrong. */
  forget(name: string): void {
    this.#files.delete(name);
  }

  /** Writes all to the disk; what it does not take stays here. Never rejects. */
  async store(): Promise<void> {
    this.#storing = undefined;
    for (const [name, { request }] of this.#files) {
      if (this.#isStored(request)) {
        this.#files.delete(name);
        this.#options.onStored(request);
      }
      // Lets clients be answered in between.
      await new Promise(setImmediate);
    }
  }

  #isStored(request: ModRequest): boolean {
    const { storage } = this.#options;
    if (storage.store.find(request.name) !== undefined) return true;
    const file = this.find(request.name);
    if (file === undefined) return false;
    const { sha256, bytes } = file;
    return storage.keepBytes(request, bytes, { sha256, upload: false }) !== undefined;
  }

  #isGood({ request, sha256, bytes }: InlineFile): boolean {
    if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== sha256) return false;
    return this.#options.storage.checks.isGood(request, bytes);
  }
}
