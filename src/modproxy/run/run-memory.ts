import { posix } from "node:path";
import { Deadline } from "../../lib/deadline.ts";
import { describeError } from "../../lib/describe-error.ts";
import type { Logger } from "../../lib/logger.ts";
import { encodeName } from "../../lib/percent-name.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readSmallBytes } from "../../store/read-small-object.ts";
import type { StoreHealth } from "../../store/store-health.ts";
import { formatRunFiles, MAX_RECORD_BYTES, parseRunFiles, type RunFile } from "./run-files.ts";

/** Files up to this size lie in the record itself, as long as it stays small. */
const INLINE_BYTES = 128 << 10;
const INLINE_TOTAL_BYTES = 6 << 20;
/** A record that says all there is to say is written anew after a day, to show `gc` that it is in use. */
const UNCHANGED_MS = 24 * 3_600_000;

/** Which job a run belongs to; see `remote/scope/scope.ts`. */
export interface RunScope {
  project: string;
  branch: string;
  job: string;
  run: string;
  fallbackBranches: string[];
}

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

/** What the last run of this job used, and what this one does. */
export class RunMemory {
  readonly #options: RunMemoryOptions;
  readonly #used = new Map<string, Omit<RunFile, "bytes">>();
  #known: Promise<RunFile[]> | undefined;
  /** The names that the job's own record has, as far as they are this run's. */
  #stored: ReadonlySet<string> = new Set();
  #isSameRun = false;
  #storedMs = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RunMemoryOptions) {
    this.#options = options;
  }

  /** The files of the newest run that is known, read once; none when there is none, or the bucket is in trouble. */
  get files(): Promise<RunFile[]> {
    this.#known ??= this.#read();
    return this.#known;
  }

  use(file: Omit<RunFile, "bytes">): void {
    this.#used.set(file.name, file);
  }

  /** Writes down what this run has used so far, if that is news. Never rejects. */
  async save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#save());
    await this.#writing;
  }

  async #save(): Promise<void> {
    const { readOnly, health, store, log } = this.#options;
    if (readOnly || this.#used.size === 0 || health.writes.admit() === "skip") return;
    const before = await this.files;
    const isKnown = [...this.#used.keys()].every((name) => this.#stored.has(name));
    const isFresh = Date.now() - this.#storedMs < UNCHANGED_MS;
    if (isKnown && isFresh && (this.#isSameRun || this.#used.size === this.#stored.size)) return;
    // A run of several commands, or machines: what the others used is not forgotten.
    const kept = this.#isSameRun ? before.filter(({ name }) => !this.#used.has(name)) : [];
    const files = [...kept, ...this.#withContent()];
    try {
      using deadline = new Deadline(4 * this.#options.timeoutMs);
      await store.put(this.#key(this.#options.scope.branch), await formatRunFiles(this.#about(), files), {
        signal: deadline.signal,
      });
      health.succeeded("writes");
      this.#stored = new Set(files.map(({ name }) => name));
      this.#storedMs = Date.now();
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

  async #read(): Promise<RunFile[]> {
    const { scope, health, log } = this.#options;
    if (health.reads.admit() !== "call") return [];
    try {
      const branches = [scope.branch, ...scope.fallbackBranches];
      const [own, ...others] = await Promise.all(branches.map((branch) => this.#readOne(branch)));
      health.succeeded("reads");
      if (own === undefined) return others.find((record) => record !== undefined)?.files ?? [];
      this.#stored = new Set(own.files.map(({ name }) => name));
      this.#isSameRun = own.about.run === scope.run;
      this.#storedMs = Number(own.about.writtenAtMs) || 0;
      return own.files;
    } catch (error) {
      health.readFailed(error);
      log.info(() => `records of module files are not used: ${describeError(error)}`);
      return [];
    }
  }

  async #readOne(branch: string) {
    using deadline = new Deadline(this.#options.timeoutMs);
    const bytes = await readSmallBytes(
      this.#options.store,
      this.#key(branch),
      MAX_RECORD_BYTES,
      deadline.signal,
    );
    if (bytes === undefined || bytes.length > MAX_RECORD_BYTES) return undefined;
    try {
      return parseRunFiles(bytes);
    } catch (error) {
      this.#options.log.info(() => `record of module files of ${branch}: ${describeError(error)}`);
      return undefined;
    }
  }

  #key(branch: string): string {
    const { project, job } = this.#options.scope;
    const names = [project, branch, job].map(encodeName);
    return posix.join(this.#options.prefix, "packed", "v1", "mod", `${names.join("/")}.json.zst`);
  }

  #about(): Record<string, string> {
    const { project, branch, job, run } = this.#options.scope;
    return { project, branch, job, run, host: this.#options.host, writtenAtMs: String(Date.now()) };
  }
}
