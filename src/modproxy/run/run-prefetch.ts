import { mapAhead } from "../../lib/async/map-ahead.ts";
import type { Counters } from "../../lib/counters.ts";
import type { FileStorage } from "../files/file-storage.ts";
import { isMutable } from "../files/freshness.ts";
import { type DatabaseNames, type ModRequest, parseName } from "../names/mod-request.ts";
import type { InlineFiles } from "./inline-files.ts";
import type { RunFile } from "./run-files.ts";

/** Downloads at the same time; the bucket allows more, so requests that a client waits for have room. */
const CONCURRENCY = 32;
/** A run that uses more than this doesn't need all of it at the start. */
const MAX_BYTES = 2 * 1024 ** 3;

/** Whether the last run used a file; `unknown`: there is no record of a last run. */
export type LastRun = "used" | "unused" | "unknown";

export interface RunPrefetchOptions {
  /** Reads what the last run used. */
  readFiles: () => Promise<RunFile[]>;
  storage: FileStorage;
  /** Takes the small files that the record contains. */
  inline: InlineFiles;
  databases: DatabaseNames;
  /** Called for every file that was downloaded. */
  onFetched: (request: ModRequest) => void;
  counters: Counters;
}

/** Fetches all files that the last run used and that are not on the disk, from the first miss on. */
export class RunPrefetch {
  readonly #options: RunPrefetchOptions;
  /** Names of the files that the last run used. */
  #used: Promise<ReadonlySet<string>> | undefined;
  #downloads: Promise<void> = Promise.resolve();

  constructor(options: RunPrefetchOptions) {
    this.#options = options;
  }

  /** Reads the record of the last run, ahead of the first miss. */
  readAhead(): void {
    void this.#options.readFiles();
  }

  /**
   * Starts the prefetch with the first call, and resolves when the record is read, and with it the small files that it
   * contains. It does not wait for downloads: the caller requests its file itself, with priority over the prefetch. Never
   * rejects.
   */
  async start(name: string): Promise<LastRun> {
    this.#used ??= this.#start();
    const used = await this.#used;
    if (used.size === 0) return "unknown";
    return used.has(name) ? "used" : "unused";
  }

  /** Brings everything that the last run used to the disk. Never rejects. */
  async fetchAll(): Promise<void> {
    this.#used ??= this.#start();
    await this.#used;
    await Promise.all([this.#downloads, this.#options.inline.store()]);
  }

  async #start(): Promise<ReadonlySet<string>> {
    const { storage, inline, databases, counters } = this.#options;
    const used = new Set<string>();
    const missing: ModRequest[] = [];
    let total = 0;
    for (const file of await this.#options.readFiles()) {
      const request = parseName(file.name, databases);
      if (request === undefined || isMutable(request)) continue;
      total += file.sizeBytes;
      used.add(file.name);
      if (total > MAX_BYTES || storage.store.find(file.name) !== undefined) continue;
      if (file.bytes !== undefined) inline.add(request, file.sha256, file.bytes);
      else {
        storage.checks.trust(file.name, file.sha256);
        missing.push(request);
      }
    }
    if (used.size > 0) counters.add("mod_run_records");
    this.#downloads = this.#download(missing);
    return used;
  }

  async #download(requests: ModRequest[]): Promise<void> {
    const { storage, counters, onFetched } = this.#options;
    const downloads = mapAhead(requests, CONCURRENCY, async (request) => {
      const file = await storage.store.fetch(request.name, storage.checks.of(request));
      if (file === undefined) return;
      counters.add("mod_run_brought");
      onFetched(request);
    });
    for await (const _ of downloads);
  }
}
