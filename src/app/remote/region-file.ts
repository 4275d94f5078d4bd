import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";

/**
 * The region that a bucket's server named when it was asked in another one: `state/region-<hash of its address>` in
 * the cache directory, the name and nothing else. Without it every go command would be redirected anew.
 */
export class RegionFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  load(): string | undefined {
    try {
      return readSmallFile(this.#path).toString().trim() || undefined;
    } catch {
      return undefined;
    }
  }

  /** Never throws: what can't be kept is asked for again. */
  save(region: string): void {
    try {
      replaceFile(this.#path, `${region}\n`);
    } catch {
      // A redirect more for the next command.
    }
  }
}
