/**
 * A cache directory on this machine: `<root>/<kind>/<xx>/<name>`; xx are the first two characters of the name. Files
 * are replaced by rename only, so that readers see the old or the new file, never a part.
 *
 *     action/<xx>/<action>   output/<xx>/<output>   the build cache: no other files
 *     program/<xx>/<output>/<name>                  names of outputs that go runs
 *     module/<xx>/<hash>  revproxy/<xx>/<hash>      named files of a tiered store; `…-meta` has their metadata
 *     tmp/<pid>-<random>-<n>                        temporary files, on the same file system
 *     tmp/evict-<kind>-<name>                       exists while that file is evicted
 *     state/                                        locks, stamps, state of the remote
 */
import { linkSync, mkdirSync, renameSync } from "node:fs";
import { sep } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { TempFile } from "./temp-file.ts";

/** Names of the directories below the root. */
export const ACTION_DIR = "action";
export const OUTPUT_DIR = "output";
export const PROGRAM_DIR = "program";
export const MODULE_DIR = "module";
export const REVPROXY_DIR = "revproxy";
/** Suffix of the directory with metadata of another directory's files. */
export const META_SUFFIX = "-meta";
export const TEMP_DIR = "tmp";
export const STATE_DIR = "state";
/** Never created, so lookups in it find no files. */
const REFUSED_DIR = "refused";

export class LocalDir {
  readonly root: string;
  /** The same directory under the name that go gets; see `app/cache-dir/cache-dir.ts`. */
  readonly shownRoot: string;
  readonly #tempPrefix: string;
  #tempCount = 0;
  /** Checked directories, and whether each is a link. */
  readonly #checkedDirs = new Map<string, boolean>();

  constructor(root: string, shownRoot = root) {
    this.root = root;
    this.shownRoot = shownRoot;
    this.#tempPrefix = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  }

  /** The path of a file for use in this process. */
  path(kind: string, name: string): string {
    const dir = `${this.root}/${kind}/${name.slice(0, 2)}`;
    return this.#isLink(dir) ? `${this.root}/${REFUSED_DIR}/${kind}/${name}` : `${dir}/${name}`;
  }

  /** The path of a file for go, under `shownRoot`. */
  shownPath(kind: string, name: string): string {
    // Not normalized: go compares the beginning with `$GOCACHE` byte by byte.
    return [this.shownRoot, kind, name.slice(0, 2), name].join(sep);
  }

  /** Creates a file on the same file system. Throws if the directory can't be written. */
  createTemp(): TempFile {
    const path = this.#tempPath();
    return this.withParent(path, () => new TempFile(path));
  }

  /** Renames a finished file into place. Throws if that fails; the temporary file then remains. */
  publish(file: TempFile, kind: string, name: string, modifiedMs?: number): void {
    const target = this.path(kind, name);
    this.withParent(target, () => file.commit(target, modifiedMs));
  }

  /** Gives a file another name, in place of a file that has it. Throws if that fails. */
  link(path: string, target: string): void {
    const link = this.#tempPath();
    this.withParent(link, () => linkSync(path, link));
    try {
      this.withParent(target, () => renameSync(link, target));
    } finally {
      // Two names of the same file are not renamed.
      removeFile(link);
    }
  }

  /** The path of the notice of an eviction; see `remove-if-unused.ts`. */
  noticePath(kind: string, name: string): string {
    return `${this.root}/${TEMP_DIR}/evict-${kind}-${name}`;
  }

  /**
   * Moves a file to the temporary directory and returns its new path. Throws if that fails or the file does not exist.
   */
  moveAside(kind: string, name: string): string {
    const path = this.#tempPath();
    this.withParent(path, () => renameSync(this.path(kind, name), path));
    return path;
  }

  /** Runs `action`. On ENOENT, creates the parent directory of `path` (below the root) and runs it again. */
  withParent<T>(path: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
      this.#make(parentOf(path));
      return action();
    }
  }

  /**
   * Creates a directory. If the root was removed while this process runs, it is created again, private to the user.
   * Directories below it are readable if the root is, and writable only by the user, whatever the umask.
   */
  #make(dir: string): void {
    if (dir.length <= this.root.length) {
      makePrivateDir(this.root);
      return;
    }
    try {
      makeReadableDir(dir);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
      this.#make(parentOf(dir));
      makeReadableDir(dir);
    }
  }

  /**
   * Whether a directory is a link, which may lead out of the cache. Removes links. Nothing is read or written through
   * one that can't be removed.
   */
  #isLink(dir: string): boolean {
    let isLink = this.#checkedDirs.get(dir);
    if (isLink !== undefined) return isLink;
    isLink = removeLink(dir);
    this.#checkedDirs.set(dir, isLink);
    return isLink;
  }

  #tempPath(): string {
    this.#tempCount++;
    return `${this.root}/${TEMP_DIR}/${this.#tempPrefix}-${this.#tempCount}`;
  }
}

function makeReadableDir(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o755 });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
