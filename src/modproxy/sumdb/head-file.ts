import { join } from "node:path";
import { removeLink } from "../../lib/files/remove-link.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import type { Database } from "./databases.ts";
import { openTreeHead, type TreeHead } from "./note.ts";

/** The newest head of each database's tree that was proven: `state/sumdb/<name>`, the signed note as it came. */
export class HeadFiles {
  readonly #dir: string;

  constructor(stateDir: string) {
    this.#dir = join(stateDir, "sumdb");
    // It may lead out of the cache directory.
    removeLink(this.#dir);
  }

  /** `undefined`: none is known, or none that is still signed well. */
  load({ name, verifier }: Database): TreeHead | undefined {
    try {
      return openTreeHead(readSmallFile(join(this.#dir, name)).toString(), verifier);
    } catch {
      return undefined;
    }
  }

  /** Keeps a head that continues the one before it. */
  save({ name }: Database, head: TreeHead): void {
    try {
      replaceFile(join(this.#dir, name), head.note);
    } catch {
      // A disk that takes nothing: the next start begins with whatever is signed.
    }
  }
}
