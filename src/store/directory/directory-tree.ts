/** Finds files below a directory without ever following a symbolic link there. The directory itself may be one. */
import { lstat, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";

export class DirectoryTree {
  readonly root: string;
  #realRoot: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** The path of what lies at `names`; `undefined` when nothing does, or when a link is on the way. */
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

  /** The path of the directory at `names`, made if missing. Throws when something else is in the way. */
  async makeDirectory(names: string[]): Promise<string> {
    const found = await this.find(names);
    if (found !== undefined && (await lstat(found)).isDirectory()) return found;
    await makeRoot(this.root);
    this.#realRoot ??= await realpath(this.root);
    let path = this.#realRoot;
    // One by one: a recursive mkdir would follow a link and make directories elsewhere.
    for (const name of names) {
      path = join(path, name);
      await makeOne(path);
    }
    return path;
  }
}

/** Only the last directory is made: what lacks above it is most likely a mount, and the disk below it is not meant. */
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
