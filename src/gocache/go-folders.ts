import { lstatSync, mkdirSync } from "node:fs";
import { resolve, sep } from "node:path";

const ID = /^[0-9a-f]{64}$/;
const MODE = 0o777;

/** The names of all folders: `00` to `ff`. */
export const FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, number) =>
  number.toString(16).padStart(2, "0"),
);

/**
 * The folders `<xx>` of go's own cache, `xx` being the first two digits of an id. One that is a symbolic link is not
 * used: it may lead anywhere. The cache directory itself may be one. A folder that is written to is looked at once for
 * that; every lookup looks again.
 */
export class GoFolders {
  readonly #root: string;
  readonly #known = new Set<string>();

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** The path of a file that go reads; `undefined`: no such id, or its folder is none. */
  path(id: string, kind: "a" | "d"): string | undefined {
    if (!ID.test(id)) return undefined;
    const folder = this.#folder(id);
    return isFolder(folder) ? fileIn(folder, id, kind) : undefined;
  }

  /** The same, with the folder made if it is missing. Throws if there can't be one. */
  makePath(id: string, kind: "a" | "d"): string {
    if (!ID.test(id)) throw new Error("not an id of go's cache");
    const folder = this.#folder(id);
    if (!this.#isKnown(folder)) this.#make(folder);
    return fileIn(folder, id, kind);
  }

  /** Makes an id's folder that has been removed meanwhile. Throws if there can't be one. */
  makeAgain(id: string): void {
    const folder = this.#folder(id);
    this.#known.delete(folder);
    this.#make(folder);
  }

  /** A new name in an id's folder, for what is not finished: go never reads it, and its trimming removes it. */
  unfinishedPath(id: string): string {
    return `${this.#folder(id)}${sep}unfinished-${crypto.randomUUID()}-d`;
  }

  #folder(id: string): string {
    return `${this.#root}${sep}${id.slice(0, 2)}`;
  }

  #make(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: MODE });
    if (!this.#isKnown(folder)) throw new Error(`${folder} is not a directory`);
  }

  #isKnown(folder: string): boolean {
    const isKnown = this.#known.has(folder) || isFolder(folder);
    if (isKnown) this.#known.add(folder);
    return isKnown;
  }
}

/** `join` takes longer than a look at the file. */
function fileIn(folder: string, id: string, kind: "a" | "d"): string {
  return `${folder}${sep}${id}-${kind}`;
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
