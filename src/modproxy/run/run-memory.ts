import { Deadline } from "../../lib/async/deadline.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { StoreHealth } from "../../store/store-health.ts";
import { MAX_FILES, type RunFile } from "./run-files.ts";
import { type KnownRuns, RunRecords, type RunScope } from "./run-records.ts";

/** Files up to this size lie in the record itself, as long as it stays small. */
const INLINE_BYTES = 128 << 10;
const INLINE_TOTAL_BYTES = 6 << 20;
/** A record that says all there is to say is written anew after a day, to show `gc` that it is in use. */
const UNCHANGED_MS = 24 * 3_600_000;

export interface RunMemoryOptions {
  store: ObjectStore;
  prefix: string;
  health: StoreHealth;
  readOnly: boolean;
  timeoutMs: number;
  scope: RunScope;
  /** For people. */
  host: string;
  /** The content of a small file that was used. */
  readLocal: (name: string) => Buffer | undefined;
  log: Logger;
}

const NOTHING: KnownRuns = { files: [], newest: { names: new Set(), writtenMs: 0 } };

/** What the last runs of this job used, and what this process does. */
export class RunMemory {
  readonly #options: RunMemoryOptions;
  readonly #records: RunRecords;
  readonly #used = new Map<string, Omit<RunFile, "bytes">>();
  #known: Promise<KnownRuns> | undefined;
  /** What need not be written down, for the newest run has it already. */
  #noted: KnownRuns["newest"] | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RunMemoryOptions) {
    this.#options = options;
    const { log } = options;
    this.#records = new RunRecords({
      ...options,
      onDamaged: (key, error) =>
        log.info(() => `record of module files ${key} is not used: ${describeError(error)}`),
    });
  }

  /** The files of the newest runs that are known, read once; none when there is none, or the bucket is in trouble. */
  get files(): Promise<RunFile[]> {
    return this.#read().then(({ files }) => files);
  }

  use(file: Omit<RunFile, "bytes">): void {
    if (this.#used.size < MAX_FILES || this.#used.has(file.name)) this.#used.set(file.name, file);
  }

  /** Writes down what this process has used so far, if that is news. Never rejects. */
  async save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#save());
    await this.#writing;
  }

  async #save(): Promise<void> {
    const { readOnly, health, timeoutMs, log } = this.#options;
    if (readOnly || this.#used.size === 0 || health.writes.admit() === "skip") return;
    const { names, writtenMs } = this.#noted ?? (await this.#read()).newest;
    const isKnown = [...this.#used.keys()].every((name) => names.has(name));
    if (isKnown && Date.now() - writtenMs < UNCHANGED_MS) return;
    try {
      using deadline = new Deadline(4 * timeoutMs);
      await this.#records.write(this.#withContent(), deadline.signal);
      health.succeeded("writes");
      this.#noted = { names: new Set(this.#used.keys()), writtenMs: Date.now() };
    } catch (error) {
      health.writeFailed(error);
      log.info(() => `record of module files is not stored: ${describeError(error)}`);
    }
  }

  #withContent(): RunFile[] {
    let total = 0;
    return [...this.#used.values()].map((file) => {
      const isSmall = file.sizeBytes <= INLINE_BYTES && total + file.sizeBytes <= INLINE_TOTAL_BYTES;
      const bytes = isSmall ? this.#options.readLocal(file.name) : undefined;
      if (bytes !== undefined) total += bytes.length;
      return { ...file, bytes };
    });
  }

  #read(): Promise<KnownRuns> {
    this.#known ??= this.#readNow();
    return this.#known;
  }

  async #readNow(): Promise<KnownRuns> {
    const { health, timeoutMs, log } = this.#options;
    if (health.reads.admit() !== "call") return NOTHING;
    try {
      using deadline = new Deadline(timeoutMs);
      const known = await this.#records.read(deadline.signal);
      health.succeeded("reads");
      return known;
    } catch (error) {
      health.readFailed(error);
      log.info(() => `records of module files are not used: ${describeError(error)}`);
      return NOTHING;
    }
  }
}
