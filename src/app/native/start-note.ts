import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import type { IdList } from "../../lib/id-list.ts";
import { isNumber, isText, shape } from "../../lib/shape.ts";
import type { JobRun } from "../../remote/scope/job-run.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** go notes a use at most once an hour. */
const HOUR_MS = 3_600_000;
const ID_BYTES = 32;

interface Note extends JobRun {
  startedMs: number;
}

const isNote = shape<Note>({ startedMs: isNumber, job: isText, run: isText });

/**
 * Remembers when a run of a job began to use a cache directory of go's: `state/native-<hash of its path>.json`. Where
 * entries are signed, also the actions that lay there before, 32 bytes each: `….before`.
 */
export class StartNote {
  /** Beside it, for what a `restore` in the background says. */
  readonly logPath: string;
  readonly #beforePath: string;
  readonly #file: StateFile<Note>;
  readonly #run: JobRun;

  /** `root`: the cache directory of this program. */
  constructor(root: string, goCache: string, { job, run }: JobRun) {
    const path = join(root, STATE_DIR, `native-${Bun.hash(goCache).toString(16).padStart(16, "0")}`);
    this.logPath = `${path}.log`;
    this.#beforePath = `${path}.before`;
    this.#file = new StateFile(`${path}.json`, jsonOf(isNote));
    this.#run = { job, run };
  }

  /** Notes the start, unless this run has begun before. Never throws: without it `usedSinceMs` is a guess. */
  begin(nowMs: number): void {
    if (!this.hasBegun) this.#file.save({ ...this.#run, startedMs: nowMs });
  }

  /** Notes the actions that lay there before the run. Throws if that can't be written. */
  noteBefore(actionIds: IdList): void {
    replaceFile(this.#beforePath, Buffer.from([...actionIds].join(""), "hex"));
  }

  /** The actions that lay there before this run; `undefined`: nobody noted them. */
  before(): ReadonlySet<string> | undefined {
    try {
      if (!this.hasBegun) return undefined;
      const bytes = readFileSync(this.#beforePath);
      const count = bytes.length / ID_BYTES;
      return new Set(
        Array.from({ length: count }, (_, n) => bytes.toString("hex", n * ID_BYTES, (n + 1) * ID_BYTES)),
      );
    } catch {
      return undefined;
    }
  }

  /** Whether this run has begun to use the directory. */
  get hasBegun(): boolean {
    return this.#startedMs() !== undefined;
  }

  /**
   * The modification time from which on a file counts as used by this run. What another run used within the hour before
   * counts as well.
   */
  usedSinceMs(nowMs: number): number {
    return this.startMs(nowMs) - HOUR_MS;
  }

  /** When the run began. Without a note that is an hour ago. */
  startMs(nowMs: number): number {
    return this.#startedMs() ?? nowMs - HOUR_MS;
  }

  #startedMs(): number | undefined {
    const note = this.#file.load();
    const isOurs = note?.job === this.#run.job && note.run === this.#run.run;
    return isOurs ? note.startedMs : undefined;
  }
}
