import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { listFiles } from "../lib/files/list-files.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import type { BodyKind } from "./tree-header.ts";

const NAME = /^unfinished-[0-9a-f-]{36}$/;
/** A process that still unpacks has changed its folder a moment ago. */
const STALE_MS = 3_600_000;

/** The folder `unfinished-<uuid>` of a process, for modules' files or zips that have no name yet. */
export class Unfinished {
  readonly #dirs: ModuleDirs;
  readonly #folder: string;
  #isMade = false;
  #count = 0;

  constructor(dirs: ModuleDirs, kind: BodyKind) {
    this.#dirs = dirs;
    this.#folder = dirs.ownFolder(kind, newName());
  }

  /** A new name in the folder. Throws if there can't be one. */
  newPath(): string {
    if (!this.#isMade) {
      this.#dirs.makeParent(this.#folder);
      mkdirSync(this.#folder);
      this.#isMade = true;
    }
    return join(this.#folder, String(++this.#count));
  }

  /** Removes what killed processes have left. Never throws. */
  removeStale(): void {
    const parent = dirname(this.#folder);
    for (const name of listFiles(parent)) {
      const path = join(parent, name);
      try {
        if (!NAME.test(name) || Date.now() - lstatSync(path).mtimeMs <= STALE_MS) continue;
        // At once: its process may only have slept, and must not give half of it a name when it wakes up.
        const removed = join(parent, newName());
        renameSync(path, removed);
        rmSync(removed, { recursive: true, force: true });
      } catch {
        // It is another user's.
      }
    }
  }

  /** Removes the folder, if nothing is in it. Never throws. */
  [Symbol.dispose](): void {
    try {
      if (this.#isMade) rmdirSync(this.#folder);
    } catch {
      // Something could not be removed; another process will.
    }
  }
}

function newName(): string {
  return `unfinished-${crypto.randomUUID()}`;
}
