import { closeSync, constants, openSync, readSync } from "node:fs";
import type { LocalEntry } from "./entry.ts";
import type { LocalCache } from "./local-cache.ts";

/** Neither through a link nor waiting for the other end of a pipe. Windows has neither flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const CHUNK_BYTES = 1 << 20;

/** A cache of this machine, whose files are not checked. */
interface OtherCache {
  get(actionId: string): LocalEntry | undefined;
}

/**
 * Takes entries of go's own cache directory over into a helper's: whoever turns GOCACHEPROG on has no cold build then,
 * and programs that go has linked before are hits. Copies, since go's own cache may be cleaned at any time.
 */
export class ReadThrough {
  readonly #from: OtherCache;
  readonly #to: LocalCache;

  constructor(from: OtherCache, to: LocalCache) {
    this.#from = from;
    this.#to = to;
  }

  /**
   * The entry of an action, now in the helper's directory, checked against its hash. `undefined`: go's cache has none that
   * is whole, or it can't be copied. Never throws.
   */
  take(actionId: string): LocalEntry | undefined {
    try {
      const found = this.#from.get(actionId);
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
      for (const chunk of chunksOf(path, sizeBytes)) {
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

/** The first `sizeBytes` of a file, fewer if it is shorter. A chunk is valid until the next. */
function* chunksOf(path: string, sizeBytes: number): Generator<Uint8Array, void, void> {
  const fd = openSync(path, OPEN_FLAGS);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes));
    for (let left = sizeBytes; left > 0; ) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, left), null);
      if (count === 0) return;
      yield buffer.subarray(0, count);
      left -= count;
    }
  } finally {
    closeSync(fd);
  }
}
