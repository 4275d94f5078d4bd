/** A module proxy's files: from the disk, from the bucket, or from the upstream, checked before they are kept. */
import { readFileSync } from "node:fs";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { Logger } from "../../lib/logger.ts";
import type { StoredFile, TieredStore } from "../../store/tiered/tiered-store.ts";
import { ModError, notFound } from "../mod-error.ts";
import type { ModRequest } from "../names/mod-request.ts";
import { formatTileName, TILE_WIDTH } from "../names/tile-name.ts";
import type { FileChecks } from "./file-checks.ts";
import type { FileMeta, MetaFiles } from "./file-meta.ts";
import { freshnessOf, isMutable } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";
import { NegativeCache } from "./negative-cache.ts";
import { StoreDoubt } from "./store-doubt.ts";
import type { UpstreamFiles } from "./upstream-files.ts";

export interface ModuleFilesOptions {
  store: TieredStore;
  metas: MetaFiles;
  checks: FileChecks;
  upstream: UpstreamFiles;
  /** Brings what the last run used, from the first miss on; resolves when that can't bring `name` any more, or has. */
  bring: (name: string) => Promise<"brought" | "unknown" | "no-run">;
  /** Called for every use of a file that never changes. */
  onUse: (request: ModRequest, file: ModFile) => void;
  log: Logger;
  now?: () => number;
}

const HASH_BYTES = 32;

export class ModuleFiles {
  readonly #options: ModuleFilesOptions;
  readonly #now: () => number;
  readonly #negative: NegativeCache;
  readonly #doubt = new StoreDoubt();
  /** What is being fetched from the upstream, by name. */
  readonly #flights = new Map<string, Promise<ModFile | GrowingFile>>();

  constructor(options: ModuleFilesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#negative = new NegativeCache(this.#now);
  }

  /** Rejects with a `ModError`. `mayFetch`: whether the upstream may be asked. */
  async get(request: ModRequest, { mayFetch }: { mayFetch: boolean }): Promise<ModFile | GrowingFile> {
    if (isMutable(request)) return await this.#getMutable(request, mayFetch);
    const file = await this.#getFixed(request, mayFetch);
    // What was cut from a wider tile does not lie anywhere itself.
    const isCut = !(file instanceof GrowingFile) && file.bytes !== undefined && file.source !== "fetch";
    if (!(file instanceof GrowingFile) && !isCut) this.#options.onUse(request, file);
    return file;
  }

  /** The content of a small file. */
  async read(request: ModRequest): Promise<Buffer> {
    const file = await this.get(request, { mayFetch: true });
    if (file instanceof GrowingFile) throw new Error(`${request.name} is not small`);
    return file.bytes ?? readFileSync(file.path);
  }

  /** Fetches a file that never changes from the upstream, and resolves when it is kept. Rejects with a `ModError`. */
  async refetch(request: ModRequest): Promise<void> {
    const file = await this.#fetch(request);
    if (file instanceof GrowingFile) await file.settled();
    else this.#options.onUse(request, file);
  }

  /** Removes a file that was found wrong, so that it is fetched anew. */
  forget(name: string): void {
    this.#options.store.remove(name);
    this.#options.metas.remove(name);
    this.#negative.delete(name);
  }

  async #getFixed(request: ModRequest, mayFetch: boolean): Promise<ModFile | GrowingFile> {
    const local = await this.#findLocal(request);
    if (local !== undefined) return local;
    const flight = this.#flights.get(request.name);
    if (flight !== undefined) return await flight;
    const wider = await this.#findWider(request);
    if (wider !== undefined) return wider;
    const known = await this.#options.bring(request.name);
    const isNamed = known === "brought";
    const brought = isNamed ? await this.#findLocal(request) : undefined;
    if (brought !== undefined) return { ...brought, source: "remote" };
    const broughtWider = await this.#findWider(request);
    if (broughtWider !== undefined) return broughtWider;
    const absence = this.#negative.find(request.name);
    if (absence !== undefined) throw absence;
    const asking = isNamed || !mayFetch ? "ask" : this.#doubt.decide({ isKnownJob: known !== "no-run" });
    if (asking === "probe") void this.#findRemote(request);
    const isAsked = asking === "ask";
    const remote = isAsked ? await this.#findRemote(request) : undefined;
    if (remote !== undefined) return remote;
    if (!mayFetch) throw unavailable();
    // Somebody else's fetch may have ended while the bucket was asked.
    const meanwhile = await this.#findLocal(request);
    if (meanwhile !== undefined) return meanwhile;
    try {
      return await this.#fetch(request);
    } catch (error) {
      const isGone = error instanceof ModError && error.isAbsence;
      const late = isAsked || isGone ? undefined : await this.#findRemote(request);
      if (late !== undefined) return late;
      throw error;
    }
  }

  async #findLocal(request: ModRequest): Promise<ModFile | undefined> {
    const { store, checks } = this.#options;
    if (store.find(request.name) === undefined) return undefined;
    return await this.#known(request, await store.fetchLocal(request.name, checks.of(request)), "local");
  }

  /** A tile at the tree's edge is the beginning of what it has grown to since. */
  async #findWider(request: ModRequest): Promise<ModFile | undefined> {
    if (request.kind !== "tile" || request.tile.level === "data") return undefined;
    const { tile, database } = request;
    for (let width = tile.width + 1; width <= TILE_WIDTH; width++) {
      const name = `sumdb/${database}/${formatTileName({ ...tile, width })}`;
      const wide = { ...request, name, tile: { ...tile, width } };
      const wider = await this.#findLocal(wide);
      if (wider === undefined) continue;
      this.#options.onUse(wide, wider);
      const bytes = readFileSync(wider.path).subarray(0, tile.width * HASH_BYTES);
      const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
      return { ...wider, bytes, sizeBytes: bytes.length, sha256 };
    }
    return undefined;
  }

  async #findRemote(request: ModRequest): Promise<ModFile | undefined> {
    const { store, checks } = this.#options;
    const file = await store.fetch(request.name, checks.of(request));
    this.#doubt.told(file !== undefined);
    return await this.#known(request, file, "remote");
  }

  async #known(
    request: ModRequest,
    file: StoredFile | undefined,
    source: ModFile["source"],
  ): Promise<ModFile | undefined> {
    if (file === undefined) return undefined;
    const meta = this.#options.metas.find(request.name);
    // Removed in this moment, or on a disk that took no note of it: good it is, but what it hashes to is not known.
    const sha256 = meta?.sha256 ?? (await hashFile(file.path, new AbortController().signal));
    if (sha256 === undefined) return undefined;
    const isVerified = meta?.verified === true;
    return { path: file.path, sizeBytes: file.sizeBytes, sha256, source, isStale: false, isVerified };
  }

  async #getMutable(request: ModRequest, mayFetch: boolean): Promise<ModFile | GrowingFile> {
    const { name } = request;
    const meta = this.#options.metas.find(name);
    const local = this.#readMutable(request, meta, "local");
    const ageMs = this.#now() - (meta?.fetchedAtMs ?? 0);
    if (local !== undefined && ageMs >= 0 && ageMs < freshnessOf(request).freshMs) return local;
    if (!mayFetch)
      return (await this.#findOld(request, Number.POSITIVE_INFINITY)) ?? throwError(unavailable());
    const absence = this.#negative.find(name);
    if (absence !== undefined) throw absence;
    try {
      return await this.#fetch(request, local === undefined ? undefined : meta);
    } catch (error) {
      const isGone = error instanceof ModError && error.isAbsence;
      const old = isGone ? undefined : await this.#findOld(request, freshnessOf(request).staleMs);
      if (old === undefined) throw error;
      return { ...old, isStale: true };
    }
  }

  /** What was fetched last, by this machine or, if it never did, by another; an age that is not known is none. */
  async #findOld(request: ModRequest, maxAgeMs: number): Promise<ModFile | undefined> {
    const { store, metas, checks } = this.#options;
    const own = metas.find(request.name);
    if (store.find(request.name) === undefined) await store.fetch(request.name, checks.of(request));
    const meta = own ?? (await metas.fetch(request.name));
    if (meta !== undefined && this.#now() - meta.fetchedAtMs > maxAgeMs) return undefined;
    return this.#readMutable(request, meta, own === undefined ? "remote" : "local");
  }

  #readMutable(
    request: ModRequest,
    meta: FileMeta | undefined,
    source: ModFile["source"],
  ): ModFile | undefined {
    const file = this.#options.store.find(request.name);
    const bytes = file === undefined ? undefined : tryRead(file.path);
    if (file === undefined || bytes === undefined) return undefined;
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    // Another program of ours may have put its bytes there and not its note yet; what has no form is never used.
    if (meta?.sha256 !== sha256 && !this.#options.checks.isGoodBody(request, bytes)) return undefined;
    return { path: file.path, bytes, sizeBytes: bytes.length, sha256, source, isStale: false };
  }

  /** Calls at once for one name share the work. */
  async #fetch(request: ModRequest, older?: FileMeta): Promise<ModFile | GrowingFile> {
    const { name } = request;
    const known = this.#flights.get(name);
    if (known !== undefined) return await known;
    const { upstream } = this.#options;
    const flight =
      request.kind === "zip" ? upstream.fetchLarge(request) : upstream.fetchSmall(request, older);
    this.#flights.set(name, flight);
    // Not by the flight itself: one that ends at once would end before it is noted, and stay.
    void hasEnded(flight).then(() => this.#flights.delete(name));
    try {
      return await flight;
    } catch (error) {
      if (error instanceof ModError) this.#negative.add(name, error, freshnessOf(request).negativeMs);
      throw error;
    }
  }
}

/** Resolves when a file is here, or has failed. Never rejects: whoever asked for it is told. */
async function hasEnded(flight: Promise<ModFile | GrowingFile>): Promise<void> {
  try {
    const file = await flight;
    if (file instanceof GrowingFile) await file.settled();
  } catch {
    // See above.
  }
}

function unavailable(): ModError {
  return notFound("temporarily unavailable");
}

function throwError(error: ModError): never {
  throw error;
}

function tryRead(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
