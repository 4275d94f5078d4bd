import { join } from "node:path";
import { removeLink } from "../../lib/files/remove-link.ts";
import { StateFile } from "../../lib/files/state-file.ts";
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
  load(database: Database): TreeHead | undefined {
    return this.#file(database).load();
  }

  /** Keeps a head that continues the one before it. Never throws: the next start takes any signed head then. */
  save(database: Database, head: TreeHead): void {
    this.#file(database).save(head);
  }

  #file({ name, verifier }: Database): StateFile<TreeHead> {
    return new StateFile(join(this.#dir, name), {
      parse: (bytes) => openTreeHead(bytes.toString(), verifier),
      format: ({ note }) => note,
    });
  }
}
