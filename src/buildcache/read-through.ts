import { fileChunks } from "../lib/files/file-chunks.ts";
import { READ_NO_LINK } from "../lib/files/no-link.ts";
import type { LocalEntry } from "./entry.ts";
import type { LocalCache } from "./local-cache.ts";

/** A cache of this machine, whose files are not checked. */
interface OtherCache {
  get(actionId: string): LocalEntry | undefined;
}

/**
 * Takes entries of go's own cache directory over into a helper's: whoever turns GOCACHEPROG on has no cold build then,
 * and programs that go has linked before are hits. Copies, since go's own cache may be cleaned at any time.
 */
export class ReadThrough {
  readonly #open: () => OtherCache | undefined;
  readonly #to: LocalCache;
  #from: { cache: OtherCache | undefined } | undefined;

  /** `open`: called with the first `take`, so that a build that is local throughout does not look there. */
  constructor(open: () => OtherCache | undefined, to: LocalCache) {
    this.#open = open;
    this.#to = to;
  }

  /**
   * The entry of an action, now in the helper's directory, checked against its hash. `undefined`: go's cache has none that
   * is whole, or it can't be copied. Never throws.
   */
  take(actionId: string): LocalEntry | undefined {
    try {
      this.#from ??= { cache: this.#open() };
      const found = this.#from.cache?.get(actionId);
      if (found === undefined) return undefined;
      const { outputId, sizeBytes, putTimeMs } = found;
      const isThere = this.#to.reuseOutput(outputId, sizeBytes) !== undefined;
      if (!isThere && !this.#copy(found)) return undefined;
      this.#to.putRecord(actionId, { outputId, sizeBytes }, putTimeMs);
      return this.#to.get(actionId);
    } catch {
      return undefined;
    }
  }

  #copy({ outputId, path, sizeBytes, executable }: LocalEntry): boolean {
    const output = this.#to.createOutput(outputId, executable);
    try {
      const hash = new Bun.CryptoHasher("sha256");
      for (const chunk of fileChunks(path, { flags: READ_NO_LINK, maxBytes: sizeBytes })) {
        hash.update(chunk);
        output.write(chunk);
      }
      if (hash.digest("hex") !== outputId) return false;
      output.commit();
      return true;
    } finally {
      output.discard();
    }
  }
}
