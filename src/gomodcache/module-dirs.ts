import { lstatSync, mkdirSync, realpathSync, renameSync, type Stats, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { escapeName } from "../gomod/module-path.ts";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { isErrno } from "../lib/files/errno.ts";
import { tryFlock } from "../lib/files/flock.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { unfinishedPath } from "../lib/files/unfinished-path.ts";
import type { BodyKind } from "./tree-header.ts";

const LINKED =
  "is not a directory but a link, which is not followed: mount what should be there, or make GOMODCACHE itself the link";
const NO_LOCK: Disposable = { [Symbol.dispose]: () => undefined };

/** The end of the name of a file that go keeps of a version in `cache/download`. */
export type FileKind = "info" | "mod" | "zip" | "ziphash" | "lock" | "partial";

/**
 * Where `$GOMODCACHE` has what of a module. Capitals are escaped, so no two modules share a place. A folder in it that is
 * a symbolic link is not used: it may lead anywhere. `$GOMODCACHE` itself may be one.
 */
export class ModuleDirs {
  readonly #root: string;
  readonly #onUnseen: (error: unknown) => void;
  /** Those that were looked at. */
  readonly #made = new Set<string>();

  /** `onUnseen`: receives why we may not see whether something is there; it counts as not there. */
  constructor(root: string, onUnseen: (error: unknown) => void) {
    this.#root = realRoot(root);
    this.#onUnseen = onUnseen;
  }

  /** The folder of a module's files. */
  tree({ path, version }: ModuleVersion): string {
    return join(this.#root, `${escapeName(path)}@${escapeName(version)}`);
  }

  file({ path, version }: ModuleVersion, kind: FileKind): string {
    return join(this.#root, "cache", "download", escapeName(path), "@v", `${escapeName(version)}.${kind}`);
  }

  /** Where go keeps a file of a checksum database, such as `tile/8/0/000`. */
  sumdbFile(database: string, name: string): string {
    return join(this.#root, "cache", "download", "sumdb", database, name);
  }

  /**
   * A folder in which go looks for nothing, for what gets a name of this kind: `cache` may be a mount, and a rename does
   * not lead to another disk.
   */
  ownFolder(kind: BodyKind, name: string): string {
    return kind === "tree" ? join(this.#root, name) : join(this.#root, "cache", name);
  }

  has(module: ModuleVersion, kind: FileKind): boolean {
    return this.#exists(this.file(module, kind));
  }

  /** Whether go takes the module's files as they are: it wants them complete, with their hash beside. */
  hasTree(module: ModuleVersion): boolean {
    return this.#isFolder(this.tree(module)) && this.has(module, "ziphash") && !this.has(module, "partial");
  }

  /**
   * The right to give the module's files their name, until disposed; `undefined`: that is go's affair. Go takes the lock
   * before it fetches the files and before it unpacks them, and never removes the file of the lock. So nobody is at a
   * module without one. If it can be locked, a go that was killed, or has failed, has left it, and maybe half a folder
   * with a `.partial` beside, which any go would remove. With a zip go needs nobody.
   */
  claim(module: ModuleVersion): Disposable | undefined {
    const hasLock = this.has(module, "lock");
    const claim = hasLock ? tryFlock(this.file(module, "lock")) : NO_LOCK;
    const isTaken = this.has(module, "partial") ? !hasLock : this.#exists(this.tree(module));
    if (!isTaken && !this.has(module, "zip")) return claim;
    claim?.[Symbol.dispose]();
    return undefined;
  }

  /** Whether `claim` has something to give. */
  isFree(module: ModuleVersion): boolean {
    using claim = this.claim(module);
    return claim !== undefined;
  }

  /**
   * Whether go has begun to fetch the zip, or has it. A folder of files that go does not take as they are is left to go as
   * well: with a zip's hash beside, it would take them.
   */
  isZipGos(module: ModuleVersion): boolean {
    const isOpen = this.#exists(this.tree(module)) ? this.hasTree(module) : !this.has(module, "partial");
    return this.has(module, "lock") || this.has(module, "zip") || !isOpen;
  }

  /** Creates the folder of `path`, and those above it, where missing. Throws if one is a link or a file. */
  makeParent(path: string): void {
    this.#make(dirname(path));
  }

  /** Moves what is half unpacked out of the way. Throws if the disk fails. */
  moveHalf(module: ModuleVersion, to: string): void {
    if (this.has(module, "partial") && this.#exists(this.tree(module))) renameSync(this.tree(module), to);
  }

  /** Writes a small file unless there is one. Throws if the disk fails. */
  addFile(path: string, content: string | Uint8Array): void {
    if (!this.#exists(path)) this.putFile(path, content);
  }

  /** Writes a small file whole, with the mode that go gives it. Throws if the disk fails. */
  putFile(path: string, content: string | Uint8Array): void {
    this.makeParent(path);
    const temp = unfinishedPath(path);
    try {
      writeFileSync(temp, content, { flag: "wx", mode: 0o666 });
      renameSync(temp, path);
    } catch (error) {
      removeFile(temp);
      throw error;
    }
  }

  #make(folder: string): void {
    if (this.#made.has(folder)) return;
    if (folder === this.#root) mkdirSync(folder, { recursive: true });
    else {
      this.#make(dirname(folder));
      if (!this.#exists(folder)) mkdirSync(folder, { recursive: true });
      const found = this.#look(folder);
      if (found?.isSymbolicLink()) throw new Error(`${folder} ${LINKED}`);
      if (!found?.isDirectory()) throw new Error(`${folder} is not a directory`);
    }
    this.#made.add(folder);
  }

  /** Whether there is anything, also a link that leads nowhere. */
  #exists(path: string): boolean {
    return this.#look(path) !== undefined;
  }

  #isFolder(path: string): boolean {
    return this.#look(path)?.isDirectory() === true;
  }

  #look(path: string): Stats | undefined {
    try {
      return lstatSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if (!isErrno(error, "ENOTDIR")) this.#onUnseen(error);
      return undefined;
    }
  }
}

/** The same where there is nothing yet. */
function realRoot(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return root;
  }
}
