import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { MAX_FILES, type RunFile } from "./run-files.ts";
import { type KnownRuns, RunRecords, type RunScope } from "./run-records.ts";

/** The record contains files up to this size, as long as it stays small. */
const INLINE_BYTES = 128 << 10;
const INLINE_TOTAL_BYTES = 6 << 20;
/** An unchanged record is written again after a day, so that `gc` sees that it is in use. */
const UNCHANGED_MS = 24 * 3_600_000;
/** How long after the last use the record is saved. */
const SAVE_DELAY_MS = 5_000;

export interface RunMemoryOptions {
  store: GuardedStore;
  prefix: string;
  readOnly: boolean;
  scope: RunScope;
  /** For people who read the record. */
  host: string;
  /** The content of a small file. */
  readLocal: (name: string) => Buffer | undefined;
  log: Logger;
}

const NOTHING: KnownRuns = { files: [], newest: { names: new Set(), writtenMs: 0 } };

/** The files of this job's last runs, and the record of this process's files. */
export class RunMemory {
  readonly #options: RunMemoryOptions;
  readonly #records: RunRecords;
  readonly #used = new Map<string, Omit<RunFile, "bytes">>();
  #known: Promise<KnownRuns> | undefined;
  /** The last record that this process wrote. */
  #saved: KnownRuns["newest"] | undefined;
  #saving: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RunMemoryOptions) {
    this.#options = options;
    const { log } = options;
    this.#records = new RunRecords({
      ...options,
      onDamaged: (key, error) =>
        log.info(() => `record of module files ${key} is ignored: ${describeError(error)}`),
    });
  }

  /** The files of the newest runs, read once; empty when there are none or the bucket fails. */
  async readFiles(): Promise<RunFile[]> {
    return (await this.#read()).files;
  }

  use(file: Omit<RunFile, "bytes">): void {
    if (this.#used.size < MAX_FILES || this.#used.has(file.name)) this.#used.set(file.name, file);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_DELAY_MS).unref();
  }

  /** Writes the record of what this process has used so far, unless the newest one has all of it. Never rejects. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    await this.#saving;
  }

  async #save(): Promise<void> {
    const { readOnly, log } = this.#options;
    if (readOnly || this.#used.size === 0) return;
    const { names, writtenMs } = this.#saved ?? (await this.#read()).newest;
    const isKnown = [...this.#used.keys()].every((name) => names.has(name));
    if (isKnown && Date.now() - writtenMs < UNCHANGED_MS) return;
    try {
      await this.#records.write(this.#withContent());
      this.#saved = { names: new Set(this.#used.keys()), writtenMs: Date.now() };
    } catch (error) {
      log.info(() => `record of module files was not written: ${describeError(error)}`);
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
    const { store, log } = this.#options;
    if (store.health.reads.state !== "closed") return NOTHING;
    try {
      return await this.#records.read();
    } catch (error) {
      log.info(() => `records of module files are ignored: ${describeError(error)}`);
      return NOTHING;
    }
  }
}
