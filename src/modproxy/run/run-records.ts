/**
 * The module files that the runs of a job used, as records in the bucket, the same on every platform:
 *
 *     [<prefix>/]packed/v1/mod/<project>/<branch>/<job>/<inverted time>-<run>-<process>.json.zst
 *
 * Each process writes a record of its own, so that processes of one job don't overwrite each other's.
 */
import { listedRuns, runsToRead } from "../../remote/runs/choose-runs.ts";
import { firstPage } from "../../remote/runs/list-runs.ts";
import { formatRunName, jobFolder, packedRoot, parseRunName } from "../../remote/runs/run-names.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readSmallBytes } from "../../store/read-small-object.ts";
import { formatRunFiles, MAX_RECORD_BYTES, parseRunFiles, type RunFile } from "./run-files.ts";

/** Which job a run belongs to; see `remote/scope/scope.ts`. */
export interface RunScope {
  project: string;
  branch: string;
  job: string;
  run: string;
  fallbackBranches: string[];
}

/** The known records of earlier runs. */
export interface KnownRuns {
  /** The files of the newest complete run and of those after it. */
  files: RunFile[];
  /** The files of the newest run of this branch itself, and when its record was written. */
  newest: { names: ReadonlySet<string>; writtenMs: number };
}

const LISTED = 64;
/** Records that are read at the same time: each process of a run has one. */
const MAX_RECORDS = 8;

export interface RunRecordsOptions {
  store: ObjectStore;
  prefix: string;
  scope: RunScope;
  /** For people who read the record. */
  host: string;
  /** Called for a record that can't be used. */
  onDamaged: (key: string, error: unknown) => void;
}

export class RunRecords {
  readonly #options: RunRecordsOptions;
  readonly #ownKey: string;

  constructor(options: RunRecordsOptions) {
    this.#options = options;
    const { branch, run } = options.scope;
    const writer = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
    this.#ownKey = `${this.#folder(branch)}${formatRunName({ startedMs: Date.now(), run, writer, hasEnded: false })}`;
  }

  /** The records of this branch, or of the nearest branch that has some. */
  async read(): Promise<KnownRuns> {
    const { branch, fallbackBranches } = this.#options.scope;
    const listed = await Promise.all([branch, ...fallbackBranches].map((one) => this.#list(one)));
    const index = listed.findIndex((records) => records.length > 0);
    const records = await Promise.all(
      (listed[index] ?? []).map(async ({ key, modifiedMs }) => {
        return { run: parseRunName(key)?.run, modifiedMs, files: await this.#readFiles(key) };
      }),
    );
    const newestRun = index === 0 ? records[0]?.run : undefined;
    const newest = records.filter(({ run }) => run === newestRun);
    return {
      files: mergeFiles(records),
      newest: {
        names: new Set(newest.flatMap(({ files }) => files.map(({ name }) => name))),
        writtenMs: Math.max(0, ...newest.map(({ modifiedMs }) => modifiedMs)),
      },
    };
  }

  /** Replaces this process's record. */
  async write(files: RunFile[]): Promise<void> {
    const { store, scope, host } = this.#options;
    const { project, branch, job, run } = scope;
    const about = { project, branch, job, run, host };
    await store.put(this.#ownKey, await formatRunFiles(about, files));
  }

  #folder(branch: string): string {
    const { prefix, scope } = this.#options;
    return `${packedRoot(prefix)}mod/${jobFolder(scope.project, branch, scope.job)}/`;
  }

  async #list(branch: string) {
    const { objects } = await firstPage(this.#options.store, this.#folder(branch), LISTED);
    const runs = runsToRead(listedRuns(objects, MAX_RECORD_BYTES));
    return runs.flatMap(({ records }) => records).slice(0, MAX_RECORDS);
  }

  async #readFiles(key: string): Promise<RunFile[]> {
    const bytes = await readSmallBytes(this.#options.store, key, MAX_RECORD_BYTES);
    if (bytes === undefined) return [];
    try {
      if (bytes.length > MAX_RECORD_BYTES) throw new Error(`larger than ${MAX_RECORD_BYTES} bytes`);
      return parseRunFiles(bytes);
    } catch (error) {
      this.#options.onDamaged(key, error);
      return [];
    }
  }
}

/** Each file once, as in the newest record that names it. */
function mergeFiles(records: { files: RunFile[] }[]): RunFile[] {
  const merged = new Map<string, RunFile>();
  for (const file of records.flatMap(({ files }) => files)) {
    if (!merged.has(file.name)) merged.set(file.name, file);
  }
  return [...merged.values()];
}
