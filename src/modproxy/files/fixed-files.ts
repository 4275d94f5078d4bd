import { readFileSync } from "node:fs";
import { formatTileName, TILE_WIDTH } from "../../gomod/sumdb/tile-name.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { StoredFile } from "../../store/tiered/tiered-store.ts";
import { ModError, unavailable } from "../mod-error.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { InlineFiles } from "../run/inline-files.ts";
import type { LastRun } from "../run/run-prefetch.ts";
import type { FileStorage } from "./file-storage.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";
import type { UpstreamFiles } from "./upstream-files.ts";

export interface FixedFilesOptions {
  storage: FileStorage;
  upstream: UpstreamFiles;
  inline: Pick<InlineFiles, "find" | "forget">;
  /** Starts the prefetch of what the last run used, and says whether `name` is part of that. */
  prefetch: (name: string) => Promise<LastRun>;
  /** Called for every use of a file. */
  onUse: (request: ModRequest, file: ModFile) => void;
}

/** One search for a file, with what earlier sources found out about it. */
interface Lookup {
  readonly request: ModRequest;
  /** Whether the upstream may be queried. */
  readonly mayFetch: boolean;
  lastRun?: LastRun;
  wasBucketQueried?: boolean;
}

/** A place that may have a file. `undefined`: it doesn't. Rejects with a `ModError` when no later source helps. */
type Source = (lookup: Lookup) => Promise<ModFile | GrowingFile | undefined> | undefined;

const HASH_BYTES = 32;

/** Files that never change. */
export class FixedFiles {
  readonly #options: FixedFilesOptions;
  readonly #odds = new RemoteOdds();
  /** In the order in which they are tried. */
  readonly #sources: readonly Source[] = [
    ({ request }) => this.#findLocal(request),
    ({ request }) => this.#options.upstream.running(request.name),
    ({ request }) => this.#findInWiderTile(request),
    (lookup) => this.#findInRun(lookup),
    ({ request }) => this.#options.upstream.refuseAbsent(request.name),
    (lookup) => this.#findInBucket(lookup),
    (lookup) => this.#fetch(lookup),
  ];

  constructor(options: FixedFilesOptions) {
    this.#options = options;
  }

  /** Rejects with a `ModError`. */
  async get(request: ModRequest, mayFetch: boolean): Promise<ModFile | GrowingFile> {
    const lookup: Lookup = { request, mayFetch };
    for (const source of this.#sources) {
      const file = await source(lookup);
      if (file === undefined) continue;
      if (!(file instanceof GrowingFile) && file.isPart !== true) this.#options.onUse(request, file);
      return file;
    }
    throw unavailable();
  }

  async #findLocal(request: ModRequest): Promise<ModFile | undefined> {
    const { store, checks } = this.#options.storage;
    if (store.find(request.name) === undefined) return this.#findInline(request);
    return await this.#describe(request, await store.fetchLocal(request.name, checks.of(request)), "local");
  }

  #findInline({ name }: ModRequest): ModFile | undefined {
    const file = this.#options.inline.find(name);
    return file && { ...file, path: "", sizeBytes: file.bytes.length, source: "remote", isStale: false };
  }

  /** A partial tile is the beginning of every wider tile at its place. */
  async #findInWiderTile(request: ModRequest): Promise<ModFile | undefined> {
    if (request.kind !== "tile" || request.tile.level === "data") return undefined;
    const { tile, database } = request;
    for (let width = tile.width + 1; width <= TILE_WIDTH; width++) {
      const name = `sumdb/${database}/${formatTileName({ ...tile, width })}`;
      const wide = { ...request, name, tile: { ...tile, width } };
      const file = await this.#findLocal(wide);
      if (file === undefined) continue;
      this.#options.onUse(wide, file);
      const bytes = (file.bytes ?? readFileSync(file.path)).subarray(0, tile.width * HASH_BYTES);
      const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
      return { ...file, bytes, sizeBytes: bytes.length, sha256, isPart: true };
    }
    return undefined;
  }

  /** The record of the last run contains small files itself. */
  async #findInRun(lookup: Lookup): Promise<ModFile | undefined> {
    const { request } = lookup;
    lookup.lastRun = await this.#options.prefetch(request.name);
    const file = lookup.lastRun === "used" ? await this.#findLocal(request) : undefined;
    return file === undefined ? await this.#findInWiderTile(request) : { ...file, source: "remote" };
  }

  async #findInBucket(lookup: Lookup): Promise<ModFile | undefined> {
    const { request, mayFetch, lastRun } = lookup;
    const isNeeded = lastRun === "used" || !mayFetch;
    const decision = isNeeded ? "ask" : this.#odds.decide({ isKnownJob: lastRun !== "unknown" });
    if (decision === "probe") void this.#queryBucket(request);
    if (decision !== "ask") return undefined;
    lookup.wasBucketQueried = true;
    return await this.#queryBucket(request);
  }

  async #queryBucket(request: ModRequest): Promise<ModFile | undefined> {
    const { store, checks } = this.#options.storage;
    const file = await store.fetch(request.name, checks.of(request));
    this.#odds.record({ isHit: file !== undefined });
    return await this.#describe(request, file, "remote");
  }

  async #fetch({ request, mayFetch, wasBucketQueried }: Lookup): Promise<ModFile | GrowingFile | undefined> {
    if (!mayFetch) return undefined;
    // Another request's fetch may have finished during the query of the bucket.
    const local = await this.#findLocal(request);
    if (local !== undefined) return local;
    try {
      return await this.#options.upstream.fetch(request);
    } catch (error) {
      const isAbsence = error instanceof ModError && error.isAbsence;
      const file = isAbsence || wasBucketQueried === true ? undefined : await this.#queryBucket(request);
      if (file === undefined) throw error;
      return file;
    }
  }

  async #describe(
    request: ModRequest,
    file: StoredFile | undefined,
    source: ModFile["source"],
  ): Promise<ModFile | undefined> {
    if (file === undefined) return undefined;
    const meta = this.#options.storage.metas.find(request.name);
    // The note may be missing: just removed, or never written because the disk was full.
    const sha256 = meta?.sha256 ?? (await hashFile(file.path, new AbortController().signal));
    if (sha256 === undefined) return undefined;
    const isVerified = meta?.verified === true;
    return { path: file.path, sizeBytes: file.sizeBytes, sha256, source, isStale: false, isVerified };
  }
}

/** Misses in a row after which the bucket is expected to miss again. */
const MAX_MISSES = 3;
/** The same for a job without earlier runs: the bucket most likely has nothing for it. */
const MAX_MISSES_OF_NEW_JOB = 1;
const PROBE_EVERY = 16;

/**
 * Decides whether a file that no run record names is worth a round trip to the bucket before the request to the
 * upstream: `ask`, `skip`, or `probe`, to ask without waiting. Probes notice what other programs store there.
 */
export class RemoteOdds {
  #misses = 0;
  #skipped = 0;
  #hasHit = false;

  /** `isKnownJob`: there is a record of an earlier run of this job. */
  decide({ isKnownJob }: { isKnownJob: boolean }): "ask" | "probe" | "skip" {
    const limit = isKnownJob || this.#hasHit ? MAX_MISSES : MAX_MISSES_OF_NEW_JOB;
    if (this.#misses < limit) return "ask";
    return this.#skipped++ % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  record({ isHit }: { isHit: boolean }): void {
    this.#hasHit ||= isHit;
    this.#misses = isHit ? 0 : this.#misses + 1;
  }
}
