import { readFileSync } from "node:fs";
import { MAX_MODULE_BYTES } from "../../gomod/file-names.ts";
import type { Database } from "../../gomod/sumdb/databases.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import { type LocalDir, META_SUFFIX, MODULE_DIR } from "../../store/local/local-dir.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import { type RemoteTier, type StoredFile, TieredStore } from "../../store/tiered/tiered-store.ts";
import type { ModRequest } from "../names/mod-request.ts";
import { FileChecks } from "./file-checks.ts";
import { MAX_META_BYTES, MetaFiles } from "./file-meta.ts";
import { isMutable } from "./freshness.ts";
import type { Verdict } from "./verdict.ts";

export interface StorageOptions {
  dir: LocalDir;
  /** `undefined`: there is only the local disk. The journals of uploads are at `<journalDirs>-<kind>`. */
  remote: (Omit<RemoteTier, "mayUpload" | "journalDir"> & { journalDirs: string }) | undefined;
  databases: ReadonlyMap<string, Database>;
  /** Resolves when uploads don't slow down any client. */
  whenIdle: () => Promise<void>;
  /** What the checksum database says about a file at `path` that the bucket has just sent. Never rejects. */
  verify: (request: ModRequest, path: string) => Promise<Verdict>;
  /** Whether a file is good enough for the bucket. */
  mayUpload: (name: string) => Promise<boolean>;
  counters: Counters;
  log: Logger;
}

/** The proxy's files on the disk and in the bucket, each with a note of what is known about it. */
export class FileStorage {
  readonly store: TieredStore;
  readonly metas: MetaFiles;
  readonly checks: FileChecks;
  readonly #metaStore: TieredStore;

  constructor(options: StorageOptions) {
    const { dir, remote, whenIdle, mayUpload, counters, log } = options;
    const tier = (kind: string, isWanted: (name: string) => boolean | Promise<boolean>) => {
      const mayUploadNow = async (name: string) => {
        await whenIdle();
        return await isWanted(name);
      };
      return remote && { ...remote, mayUpload: mayUploadNow, journalDir: `${remote.journalDirs}-${kind}` };
    };
    const metaKind = MODULE_DIR + META_SUFFIX;
    this.#metaStore = new TieredStore({
      dir,
      kind: metaKind,
      maxBytes: MAX_META_BYTES,
      remote: tier(metaKind, () => true),
      log,
      count: () => {},
    });
    this.store = new TieredStore({
      dir,
      kind: MODULE_DIR,
      maxBytes: MAX_MODULE_BYTES,
      remote: tier(MODULE_DIR, mayUpload),
      log,
      count: (event, amount) => counters.add(`mod_${event}`, amount),
    });
    this.metas = new MetaFiles(this.#metaStore);
    this.checks = new FileChecks({ ...options, metas: this.metas });
  }

  /** The local copy of a small file, not checked. */
  readLocal(name: string): { path: string; bytes: Buffer } | undefined {
    const file = this.store.find(name);
    if (file === undefined) return undefined;
    try {
      return { path: file.path, bytes: readFileSync(file.path) };
    } catch {
      return undefined;
    }
  }

  /** Stores a file that was found good. Throws when the disk fails; the temporary file still exists then. */
  keep(request: ModRequest, temp: TempFile, { upload, ...facts }: FileFacts): StoredFile {
    const { name } = request;
    const meta = { name, ...facts, sizeBytes: temp.sizeBytes, fetchedAtMs: Date.now() };
    // Other programs need to know the age of a file that changes, and nothing else.
    this.metas.save(meta, { upload: isMutable(request) });
    return this.store.keep(name, temp, { upload });
  }

  /** Stores the bytes of a file that was found good. `undefined`: the disk fails. */
  keepBytes(request: ModRequest, bytes: Uint8Array, facts: FileFacts): StoredFile | undefined {
    let temp: TempFile | undefined;
    try {
      temp = this.store.createTemp();
      temp.write(bytes);
      return this.keep(request, temp, facts);
    } catch {
      temp?.discard();
      return undefined;
    }
  }

  /** Removes the local copy of a file. */
  remove(name: string): void {
    this.store.remove(name);
    this.metas.remove(name);
  }

  /** How many files are not uploaded yet. */
  get waitingUploads(): number {
    return this.store.waitingUploads + this.#metaStore.waitingUploads;
  }

  /** Continues the uploads of processes that died; returns how many there are. */
  adoptUploads(): number {
    return this.store.adoptUploads() + this.#metaStore.adoptUploads();
  }

  /** Waits at most `limitMs` for uploads; the journal keeps the rest. */
  async drain(limitMs: number): Promise<void> {
    await Promise.all([this.store.drain(limitMs), this.#metaStore.drain(limitMs)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.store.close(), this.#metaStore.close()]);
  }
}

interface FileFacts {
  sha256: string;
  /** The upstream's. */
  etag?: string | undefined;
  /** Whether the bucket gets the file. */
  upload: boolean;
}
