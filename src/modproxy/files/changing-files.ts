import { ModError, unavailable } from "../mod-error.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { FileMeta } from "./file-meta.ts";
import type { FileStorage } from "./file-storage.ts";
import { freshnessOf } from "./freshness.ts";
import type { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";
import type { UpstreamFiles } from "./upstream-files.ts";

/** Files that may change: the local copy while it is fresh, then the upstream's, and a stale copy when that fails. */
export class ChangingFiles {
  readonly #storage: FileStorage;
  readonly #upstream: UpstreamFiles;

  constructor(storage: FileStorage, upstream: UpstreamFiles) {
    this.#storage = storage;
    this.#upstream = upstream;
  }

  /** Rejects with a `ModError`. */
  async get(request: ModRequest, mayFetch: boolean): Promise<ModFile | GrowingFile> {
    const { freshMs, staleMs } = freshnessOf(request);
    const meta = this.#storage.metas.find(request.name);
    const local = this.#read(request, meta, "local");
    const ageMs = Date.now() - (meta?.fetchedAtMs ?? 0);
    if (local !== undefined && ageMs >= 0 && ageMs < freshMs) return local;
    if (!mayFetch) {
      const old = await this.#findOld(request, Number.POSITIVE_INFINITY);
      if (old === undefined) throw unavailable();
      return old;
    }
    this.#upstream.refuseAbsent(request.name);
    try {
      return await this.#upstream.fetch(request, local === undefined ? undefined : meta);
    } catch (error) {
      const isAbsence = error instanceof ModError && error.isAbsence;
      const old = isAbsence ? undefined : await this.#findOld(request, staleMs);
      if (old === undefined) throw error;
      return { ...old, isStale: true };
    }
  }

  /** The last copy that this machine fetched, or else another one; a copy of unknown age counts as new. */
  async #findOld(request: ModRequest, maxAgeMs: number): Promise<ModFile | undefined> {
    const { store, metas, checks } = this.#storage;
    const own = metas.find(request.name);
    if (store.find(request.name) === undefined) await store.fetch(request.name, checks.of(request));
    const meta = own ?? (await metas.fetch(request.name));
    if (meta !== undefined && Date.now() - meta.fetchedAtMs > maxAgeMs) return undefined;
    return this.#read(request, meta, own === undefined ? "remote" : "local");
  }

  #read(request: ModRequest, meta: FileMeta | undefined, source: ModFile["source"]): ModFile | undefined {
    const file = this.#storage.readLocal(request.name);
    if (file === undefined) return undefined;
    const { path, bytes } = file;
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    // Another process may have written the file but not its note yet, so a well-formed file is used without one.
    if (meta?.sha256 !== sha256 && !this.#storage.checks.isGood(request, bytes)) return undefined;
    return { path, bytes, sizeBytes: bytes.length, sha256, source, isStale: false };
  }
}
