/** Finds files below a directory without following symbolic links in it. The directory itself may be a link. */
import { lstat, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";
import { MissingMountError } from "../missing-mount-error.ts";

export class DirectoryTree {
  readonly root: string;
  #realRoot: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * The path at `names`; `undefined` if it does not exist or contains a link. Throws a `MissingMountError` if the root can
   * neither be read nor be made.
   */
  async find(names: string[]): Promise<string | undefined> {
    this.#realRoot ??= await realRoot(this.root);
    if (this.#realRoot === undefined) return undefined;
    const path = join(this.#realRoot, ...names);
    if (names.length === 0) return path;
    // Not of the path itself: bun's `realpath` of a file that is replaced at that moment says that there is none.
    const parent = dirname(path);
    if ((await ifThere(realpath(parent))) !== parent) return undefined;
    const found = await ifThere(lstat(path));
    return found === undefined || found.isSymbolicLink() ? undefined : path;
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
 * `undefined`: it is not made yet. A missing parent is most likely a missing mount, and the disk below it is not the bucket;
 * so is a link that leads nowhere.
 */
async function realRoot(root: string): Promise<string | undefined> {
  const isThere = (await ifThere(lstat(root))) !== undefined;
  const directory = isThere ? root : dirname(root);
  if (!(await ifThere(stat(directory)))?.isDirectory()) throw new MissingMountError(directory);
  return isThere ? await ifThere(realpath(root)) : undefined;
}

/** Creates only the last directory. */
async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return;
    throw isErrno(error, "ENOENT") ? new MissingMountError(dirname(root)) : error;
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

/** `undefined`: there is nothing at its path, or a loop of links. */
async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
