/** `mtimes`: gives the files of a checkout modification times that depend on nothing but their content. */
import { lstatSync, lutimesSync, type Stats } from "node:fs";
import { join, resolve } from "node:path";
import type { OnProgress } from "../../lib/progress.ts";
import { DirectoryNames } from "./directory-names.ts";
import { findCheckout, type GitIndex, readGitIndex, type TrackedEntry } from "./git-index.ts";
import { directoryTimeMs, fileTimeMs } from "./stable-time.ts";

/** How many of each there were. */
export interface MtimesReport {
  /** Got another time, or would get it. */
  files: number;
  directories: number;
  /** Files and directories that had their time already. */
  settled: number;
  /** Different from git's index, so skipped. */
  changed: number;
  /** Those with a time that can't be set. */
  failed: number;
}

export interface MtimesOptions {
  /** In the checkout; only what is below it is looked at. `undefined`: all of the checkout that `cwd` is in. */
  directory: string | undefined;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Only report, set nothing. */
  dryRun: boolean;
  onProgress: OnProgress;
  onSet: (path: string, timeMs: number) => void;
  onFailure: (path: string, error: unknown) => void;
}

/** Goes into submodules that are checked out. Rejects when git can't list the checkout's files. */
export async function setMtimes(options: MtimesOptions): Promise<MtimesReport> {
  const { directory, cwd, env } = options;
  const start = directory === undefined ? (await findCheckout(cwd, env)).top : resolve(cwd, directory);
  const setter = new TimeSetter(options);
  await visit(start, options, setter);
  return setter.report;
}

async function visit(directory: string, options: MtimesOptions, setter: TimeSetter): Promise<void> {
  const { env, onProgress } = options;
  const [{ top, below }, index] = await Promise.all([
    findCheckout(directory, env),
    readGitIndex(directory, env),
  ]);
  const names = new DirectoryNames(below);
  const submodules: string[] = [];
  for (const [number, entry] of index.entries.entries()) {
    onProgress({ stage: "looking at files", done: number, total: index.entries.length });
    const path = absolutePath(top, entry.path);
    const stat = statEntry(path);
    if (stat !== undefined) names.add(entry.path);
    if (entry.kind === "submodule") {
      if (isCheckedOut(top, entry, stat)) submodules.push(join(top, textOf(entry.path)));
    } else if (stat !== undefined && isAsCommitted(index, entry, stat))
      setter.set("files", path, stat, fileTimeMs(entry.id));
    else setter.report.changed++;
  }
  setDirectories(top, names, setter);
  for (const submodule of submodules) await visit(submodule, options, setter);
}

function setDirectories(top: string, names: DirectoryNames, setter: TimeSetter): void {
  for (const [name, content] of names) {
    const path = absolutePath(top, name);
    const stat = statEntry(path);
    if (stat?.isDirectory()) setter.set("directories", path, stat, directoryTimeMs(content));
  }
}

/** Sets times, and counts. */
class TimeSetter {
  readonly report: MtimesReport = { files: 0, directories: 0, settled: 0, changed: 0, failed: 0 };
  readonly #options: MtimesOptions;

  constructor(options: MtimesOptions) {
    this.#options = options;
  }

  set(kind: "files" | "directories", path: Buffer, { mtimeMs }: Stats, timeMs: number): void {
    const { dryRun, onSet, onFailure } = this.#options;
    if (mtimeMs === timeMs) {
      this.report.settled++;
      return;
    }
    try {
      // A link itself, not its target. The last access is now, since cleaners go by that.
      if (!dryRun) lutimesSync(path, new Date(), new Date(timeMs));
      onSet(path.toString(), timeMs);
      this.report[kind]++;
    } catch (error) {
      this.report.failed++;
      onFailure(path.toString(), error);
    }
  }
}

function isCheckedOut(top: string, { path }: TrackedEntry, stat: Stats | undefined): boolean {
  return stat?.isDirectory() === true && statEntry(absolutePath(top, `${path}/.git`)) !== undefined;
}

function isAsCommitted({ changed }: GitIndex, { kind, path }: TrackedEntry, stat: Stats): boolean {
  // Where links can't be made, git writes a file with the path in it.
  return !changed.has(path) && (stat.isFile() || (kind === "link" && stat.isSymbolicLink()));
}

function statEntry(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // A regular file or a closed directory on the way.
    return undefined;
  }
}

function absolutePath(top: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
}

function textOf(path: string): string {
  return Buffer.from(path, "latin1").toString();
}
