import { join } from "node:path";
import { KEEP_MS } from "../../buildcache/eviction.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { isNumber, shape } from "../../lib/shape.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** A killed process forgets at most so much of what it has added. */
const SAVE_BYTES = 64 << 20;

interface Added {
  sinceMs: number;
  bytes: number;
}

/**
 * What all processes of this machine have fetched from the bucket to a cache directory, and when they began to count.
 * For six hours nothing of it can be pruned, so in that time no more is fetched ahead than the size limit of the directory.
 *
 *     state/fetched.json    {"sinceMs":…,"bytes":…}
 */
export class AddedBytes {
  readonly #file: StateFile<Added>;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #saved: Added | undefined;
  #unsavedBytes = 0;

  /** `maxBytes`: the size limit of the directory. */
  constructor(root: string, maxBytes: number, now: () => number = Date.now) {
    const guard = shape<Added>({ sinceMs: isNumber, bytes: isNumber });
    this.#file = new StateFile(join(root, STATE_DIR, "fetched.json"), jsonOf(guard));
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  hasRoomFor(bytes: number): boolean {
    this.#saved = this.#current(this.#saved ?? this.#file.load());
    return this.#saved.bytes + this.#unsavedBytes + bytes <= this.#maxBytes;
  }

  add(bytes: number): void {
    this.#unsavedBytes += bytes;
    if (this.#unsavedBytes >= SAVE_BYTES) this.save();
  }

  /** Never throws. Of two processes that save at the same moment, one may be forgotten. */
  save(): void {
    if (this.#unsavedBytes === 0) return;
    const { sinceMs, bytes } = this.#current(this.#file.load());
    this.#saved = { sinceMs, bytes: bytes + this.#unsavedBytes };
    this.#unsavedBytes = 0;
    this.#file.save(this.#saved);
  }

  /** Begins to count anew after six hours, or when the clock was set back. */
  #current(added: Added | undefined): Added {
    const nowMs = this.#now();
    const isOld = added === undefined || nowMs < added.sinceMs || nowMs - added.sinceMs > KEEP_MS;
    return isOld ? { sinceMs: nowMs, bytes: 0 } : added;
  }
}
