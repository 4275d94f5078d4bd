/**
 * A cache directory on this machine: `<root>/<kind>/<xx>/<name>`, xx being the first two characters of the
 * name. Files are replaced by rename only, so that a reader sees an old or a new file, never a part of one.
 *
 *     action/<xx>/<action>   output/<xx>/<output>   the caches proper: nothing else is ever put there
 *     module/<xx>/<hash>  revproxy/<xx>/<hash>      the named files of a tiered store; `…-meta` is what is known of them
 *     tmp/<pid>-<random>-<n>                        files being written, on the same file system
 *     tmp/evict-<kind>-<name>                       there while that file is evicted
 *     state/                                        locks, stamps, what was learned of the remote
 */
import { mkdirSync, renameSync } from "node:fs";
import { sep } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { TempFile } from "./temp-file.ts";

/** The names of the directories below the root, see above. */
export const ACTION_DIR = "action";
export const OUTPUT_DIR = "output";
export const MODULE_DIR = "module";
export const REVPROXY_DIR = "revproxy";
/** Follows the name of the directory whose files are described. */
export const META_SUFFIX = "-meta";
export const TEMP_DIR = "tmp";
export const STATE_DIR = "state";
/** Never made: the place of what is not to be found. */
const REFUSED_DIR = "refused";

export class LocalDir {
  readonly root: string;
  /** The same directory under the name that is handed out to go; see `app/cache-dir/cache-dir.ts`. */
  readonly shownRoot: string;
  readonly #tempPrefix: string;
  #tempCount = 0;
  /** Directories that were looked at, and whether they are none of ours. */
  readonly #checkedDirs = new Map<string, boolean>();

  constructor(root: string, shownRoot = root) {
    this.root = root;
    this.shownRoot = shownRoot;
    this.#tempPrefix = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  }

  /** The path of a file for our own use. */
  path(kind: string, name: string): string {
    const dir = `${this.root}/${kind}/${name.slice(0, 2)}`;
    return this.#isLink(dir) ? `${this.root}/${REFUSED_DIR}/${kind}/${name}` : `${dir}/${name}`;
  }

  /** The path of a file for go: the same file under `shownRoot`. */
  shownPath(kind: string, name: string): string {
    // Not normalized: go compares its beginning with `$GOCACHE`, letter for letter.
    return [this.shownRoot, kind, name.slice(0, 2), name].join(sep);
  }

  /** A new file on the same file system. Throws when the directory can't be written. */
  createTemp(): TempFile {
    const path = this.#tempPath();
    return this.withParent(path, () => new TempFile(path));
  }

  /** Renames a finished file into place. Throws when that fails; the file is then still there. */
  publish(file: TempFile, kind: string, name: string, modifiedMs?: number): void {
    const target = this.path(kind, name);
    this.withParent(target, () => file.commit(target, modifiedMs));
  }

  /** Where a notice lies while a file is evicted; see `remove-if-unused.ts`. */
  noticePath(kind: string, name: string): string {
    return `${this.root}/${TEMP_DIR}/evict-${kind}-${name}`;
  }

  /** Moves a file out of sight and returns its new path. Throws when that fails, or there is none. */
  moveAside(kind: string, name: string): string {
    const path = this.#tempPath();
    this.withParent(path, () => renameSync(this.path(kind, name), path));
    return path;
  }

  /** Runs `action`, once more after making the directory that `path`, which lies below the root, is in. */
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
   * Somebody may have removed the root while this process runs: it comes back for its user alone. What is below it is as
   * open as the root for reading, since who opens that means it, and never for writing, whatever the umask.
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

  /** A link may lead out of the cache: it is removed. Where that can't be, nothing is found and nothing written there. */
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
