/** `mtimes`: gives the files of a checkout modification times that depend on nothing but their content. */
import { lstatSync, lutimesSync, type Stats } from "node:fs";
import { join, resolve } from "node:path";
import type { OnProgress } from "../../lib/progress.ts";
import { DirectoryNames } from "./directory-names.ts";
import { findCheckout, readGitIndex, type TrackedEntry } from "./git-index.ts";
import { directoryTimeMs, fileTimeMs } from "./stable-time.ts";

/** How many of each there were. */
export interface MtimesReport {
  /** Got another time, or would get it. */
  files: number;
  directories: number;
  /** Files and directories that had their time already. */
  settled: number;
  /** Not as git's index has them, so left alone. */
  changed: number;
  /** Whose time can't be set. */
  failed: number;
}

export interface MtimesOptions {
  /** In the checkout; only what is below it is looked at. `undefined`: all of the checkout that `cwd` is in. */
  directory: string | undefined;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Set nothing, only say what would be. */
  dryRun: boolean;
  onProgress: OnProgress;
  onSet: (path: string, timeMs: number) => void;
  onFailure: (path: string, error: unknown) => void;
}

/** Goes into submodules that are checked out. Rejects when git can't tell what is in the checkout. */
export async function setMtimes(options: MtimesOptions): Promise<MtimesReport> {
  const { directory, cwd, env } = options;
  const start = directory === undefined ? (await findCheckout(cwd, env)).top : resolve(cwd, directory);
  const report = { files: 0, directories: 0, settled: 0, changed: 0, failed: 0 };
  await visit(start, options, report);
  return report;
}

async function visit(directory: string, options: MtimesOptions, report: MtimesReport): Promise<void> {
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
      const checkedOut = stat?.isDirectory() && statEntry(absolutePath(top, `${entry.path}/.git`));
      if (checkedOut) submodules.push(join(top, textOf(entry.path)));
    } else if (stat === undefined || index.changed.has(entry.path) || !isKind(stat, entry)) report.changed++;
    else if (setTime(path, stat, fileTimeMs(entry.id), options, report)) report.files++;
  }
  for (const [name, content] of names) {
    const path = absolutePath(top, name);
    const stat = statEntry(path);
    if (stat?.isDirectory() && setTime(path, stat, directoryTimeMs(content), options, report)) {
      report.directories++;
    }
  }
  for (const submodule of submodules) await visit(submodule, options, report);
}

/** Whether it got, or would get, another time. */
function setTime(
  path: Buffer,
  { mtimeMs }: Stats,
  timeMs: number,
  { dryRun, onSet, onFailure }: MtimesOptions,
  report: MtimesReport,
): boolean {
  if (mtimeMs === timeMs) {
    report.settled++;
    return false;
  }
  try {
    // A link itself, not what it leads to. The last access is now: what tidies up goes by that.
    if (!dryRun) lutimesSync(path, new Date(), new Date(timeMs));
    onSet(path.toString(), timeMs);
    return true;
  } catch (error) {
    report.failed++;
    onFailure(path.toString(), error);
    return false;
  }
}

function isKind(stat: Stats, { kind }: TrackedEntry): boolean {
  // Where links can't be made, git writes a file with the path in it.
  return stat.isFile() || (kind === "link" && stat.isSymbolicLink());
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
