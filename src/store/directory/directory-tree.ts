/** Finds files below a directory without following symbolic links in it. The directory itself may be a link. */
import { lstat, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";

export class DirectoryTree {
  readonly root: string;
  #realRoot: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** The path at `names`; `undefined` if it does not exist or contains a link. */
  async find(names: string[]): Promise<string | undefined> {
    try {
      this.#realRoot ??= await realpath(this.root);
      const path = join(this.#realRoot, ...names);
      return (await realpath(path)) === path ? path : undefined;
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
      throw error;
    }
  }

  /** The path of the directory at `names`, created if missing. Throws if part of the path is not a directory. */
  async makeDirectory(names: string[]): Promise<string> {
    const found = await this.find(names);
    if (found !== undefined && (await lstat(found)).isDirectory()) return found;
    await makeRoot(this.root);
    this.#realRoot ??= await realpath(this.root);
    let path = this.#realRoot;
    // A recursive mkdir would follow links and create directories elsewhere.
    for (const name of names) {
      path = join(path, name);
      await makeOne(path);
    }
    return path;
  }
}

/**
 * Creates only the last directory. A missing parent is most likely a missing mount, and the disk below it is not the
 * bucket.
 */
async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root);
  } catch (cause) {
    if (isErrno(cause, "EEXIST")) return;
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new Error(`there is no directory ${dirname(root)}, so a mount may be missing`, { cause });
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    const found = await lstat(path);
    if (found.isDirectory()) return;
    const kind = found.isSymbolicLink() ? "a symbolic link, which is not followed" : "an object";
    throw new Error(`${path} is ${kind}, so nothing can lie below it`, { cause: error });
  }
}
