import { closeSync, openSync, read } from "node:fs";
import { promisify } from "node:util";

const CHUNK_BYTES = 256 << 10;

const readFd = promisify(read);

/**
 * A body that grows while any number of readers follow it, each at its own pace. The writer announces progress and says
 * where a reader finds the bytes: in memory, or in a file, which stays readable when it is moved or removed.
 */
export class GrowingBody {
  #state: "growing" | "finished" | { error: unknown } = "growing";
  /** Resolved and replaced when readers may find more. */
  #changed = Promise.withResolvers<void>();
  #fd: number | undefined;
  /** The writer and every reader; the last one closes the file. */
  #users = 1;
  #isReleased = false;

  get isGrowing(): boolean {
    return this.#state === "growing";
  }

  get isFinished(): boolean {
    return this.#state === "finished";
  }

  /** There is more to read. */
  grow(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** There is no more: readers end. */
  finish(): void {
    this.#state = "finished";
    this.grow();
  }

  /** Readers get what there is, then `error`. */
  fail(error: unknown): void {
    this.#state = { error };
    this.grow();
  }

  /** Opens the file for all readers, if it isn't open. It must be done before the file is moved or removed. */
  openFile(path: string): void {
    this.#fd ??= openSync(path, "r");
  }

  /** Some bytes of the file from `start` on, none from `end` on. */
  async readFile(start: number, end: number): Promise<Uint8Array> {
    if (this.#fd === undefined) throw new Error("the body is no longer available");
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
    const { bytesRead } = await readFd(this.#fd, chunk, 0, chunk.length, start);
    if (bytesRead === 0) throw new Error(`the file of a body ends at ${start} of ${end} bytes`);
    return chunk.subarray(0, bytesRead);
  }

  /** The writer is done with the file; readers that follow already keep it open. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#leave();
  }

  /**
   * The whole body from its start. `readAt` returns bytes from `offset` on, or `undefined` while there are none yet; it
   * throws when those bytes are gone.
   */
  async *follow(
    readAt: (offset: number) => Uint8Array | Promise<Uint8Array> | undefined,
  ): AsyncGenerator<Uint8Array, void, void> {
    this.#users++;
    try {
      for (let offset = 0; ; ) {
        // Both before the look, so that nothing that happens meanwhile is missed.
        const state = this.#state;
        const changed = this.#changed.promise;
        const bytes = await readAt(offset);
        if (bytes !== undefined) {
          offset += bytes.length;
          yield bytes;
        } else if (state === "finished") return;
        else if (state === "growing") await changed;
        else throw state.error;
      }
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#users--;
    if (this.#users > 0 || this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
