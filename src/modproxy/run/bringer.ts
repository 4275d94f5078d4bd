import { mapAhead } from "../../lib/async/map-ahead.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { TieredStore } from "../../store/tiered/tiered-store.ts";
import type { FileChecks } from "../files/file-checks.ts";
import type { MetaFiles } from "../files/file-meta.ts";
import { isMutable } from "../files/freshness.ts";
import { type ModRequest, parseName } from "../names/mod-request.ts";
import type { RunFile } from "./run-files.ts";

/** Files on their way at once; some room is left for those that a client waits for. */
const AT_ONCE = 32;
/** A run that needs more than this does not need all of it at once. */
const MAX_BYTES = 2 * 1024 ** 3;

export interface BringerOptions {
  /** What the last run used. */
  readFiles: () => Promise<RunFile[]>;
  store: TieredStore;
  metas: MetaFiles;
  checks: FileChecks;
  databases: ReadonlySet<string>;
  /** Called for every file that the bucket or the record had. */
  onBrought: (request: ModRequest) => void;
  count: (event: string, amount?: number) => void;
}

/** From the first miss of a run on, brings all that the last run used and that is not here, side by side. */
export class Bringer {
  readonly #options: BringerOptions;
  /** The files that are to come, by name; set when the record is there. */
  #coming: Promise<Map<string, Promise<void>>> | undefined;
  #all: Promise<void> = Promise.resolve();

  constructor(options: BringerOptions) {
    this.#options = options;
  }

  /** Reads what the last run used, ahead of the first miss. */
  prepare(): void {
    void this.#options.readFiles();
  }

  /**
   * Resolves when `name` is here, if the last run used it: `brought`, whether or not that succeeded. `no-run`: none is
   * known. Never rejects.
   */
  async bring(name: string): Promise<"brought" | "unknown" | "no-run"> {
    this.#coming ??= this.#begin();
    const coming = await this.#coming;
    if (coming.size === 0) return "no-run";
    const file = coming.get(name);
    // One that is to come by itself is asked for by itself: what goes first is decided by who waits.
    if (file === undefined) return "unknown";
    await file;
    return "brought";
  }

  /** Brings everything now; resolves with the number of files that the last run used. */
  async bringAll(): Promise<number> {
    this.#coming ??= this.#begin();
    const { size } = await this.#coming;
    await this.#all;
    return size;
  }

  async #begin(): Promise<Map<string, Promise<void>>> {
    const { store, databases, count } = this.#options;
    const coming = new Map<string, Promise<void>>();
    const later: ModRequest[] = [];
    let total = 0;
    for (const file of await this.#options.readFiles()) {
      const request = parseName(file.name, databases);
      if (request === undefined || isMutable(request)) continue;
      total += file.sizeBytes;
      coming.set(file.name, Promise.resolve());
      if (total > MAX_BYTES || store.find(file.name) !== undefined) continue;
      if (file.bytes !== undefined) this.#place(request, file, file.bytes);
      else later.push(request);
    }
    if (coming.size > 0) count("mod_run_records");
    this.#all = this.#fetchAll(later);
    return coming;
  }

  /** A small file that lies in the record. */
  #place(request: ModRequest, { name, sha256, sizeBytes }: RunFile, bytes: Buffer): void {
    const { store, metas, checks, count, onBrought } = this.#options;
    if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== sha256) return;
    if (request.kind !== "zip" && !checks.isGoodBody(request, bytes)) return;
    let temp: TempFile | undefined;
    try {
      temp = store.createTemp();
      temp.write(bytes);
      if (request.kind === "zip") checks.checkContent(request, temp.path);
      metas.save({ name, sha256, sizeBytes, fetchedAtMs: Date.now() }, { upload: false });
      store.keep(name, temp, { upload: false });
      count("mod_run_inline");
      onBrought(request);
    } catch {
      // A disk that takes nothing, or a bad zip: it is fetched when it is asked for.
      temp?.discard();
    }
  }

  async #fetchAll(requests: ModRequest[]): Promise<void> {
    const { store, checks, count, onBrought } = this.#options;
    const fetched = mapAhead(requests, AT_ONCE, async (request) => {
      const file = await store.fetch(request.name, checks.of(request));
      if (file === undefined) return;
      count("mod_run_brought");
      onBrought(request);
    });
    for await (const _ of fetched);
  }
}
