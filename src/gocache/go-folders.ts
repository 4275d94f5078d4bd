import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const ID = /^[0-9a-f]{64}$/;
const MODE = 0o777;

/** The names of all folders: `00` to `ff`. */
export const FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, number) =>
  number.toString(16).padStart(2, "0"),
);

/**
 * The folders `<xx>` of go's own cache, `xx` being the first two digits of an id. One that is a symbolic link is not
 * used: it may lead anywhere. The cache directory itself may be one.
 */
export class GoFolders {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The path of a file that go reads; `undefined`: no such id, or its folder is none. */
  path(id: string, kind: "a" | "d"): string | undefined {
    if (!ID.test(id)) return undefined;
    const folder = this.#folder(id);
    return isFolder(folder) ? join(folder, `${id}-${kind}`) : undefined;
  }

  /** The same, with the folder made if it is missing. Throws if there can't be one. */
  makePath(id: string, kind: "a" | "d"): string {
    if (!ID.test(id)) throw new Error("not an id of go's cache");
    const folder = this.#folder(id);
    if (!isFolder(folder)) {
      mkdirSync(folder, { recursive: true, mode: MODE });
      if (!isFolder(folder)) throw new Error(`${folder} is not a directory`);
    }
    return join(folder, `${id}-${kind}`);
  }

  /** A new name in an id's folder, for what is not finished: go never reads it, and its trimming removes it. */
  unfinishedPath(id: string): string {
    return join(this.#folder(id), `unfinished-${crypto.randomUUID()}-d`);
  }

  #folder(id: string): string {
    return join(this.#root, id.slice(0, 2));
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
