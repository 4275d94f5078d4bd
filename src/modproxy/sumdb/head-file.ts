import { join } from "node:path";
import type { Database } from "../../gomod/sumdb/databases.ts";
import { openTreeHead, type TreeHead } from "../../gomod/sumdb/note.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { StateFile } from "../../lib/files/state-file.ts";

/** The newest proven head of each database's tree, as a signed note in `state/sumdb/<name>`. */
export class HeadFiles {
  readonly #dir: string;

  constructor(stateDir: string) {
    this.#dir = join(stateDir, "sumdb");
    // A link may lead out of the cache directory.
    removeLink(this.#dir);
  }

  /** `undefined`: none is stored, or its signature is not valid for the current key. */
  load(database: Database): TreeHead | undefined {
    return this.#file(database).load();
  }

  /** Never throws: the next start accepts any signed head then. `head` must continue the stored one. */
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
