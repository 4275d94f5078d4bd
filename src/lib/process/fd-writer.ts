import { writeSync } from "node:fs";
import { isErrno } from "../files/errno.ts";

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes whole messages to a file descriptor, synchronously and in order. Once the reader is gone (EPIPE) it
 * writes nothing more: the end of the input says the same, and is acted on there.
 */
export class FdWriter {
  readonly #fd: number;
  #isBroken = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(message: string): void {
    this.writeBytes(Buffer.from(message, "utf8"));
  }

  writeBytes(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length && !this.#isBroken; ) done += this.#writeSome(bytes, done);
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    try {
      return writeSync(this.#fd, bytes, from, bytes.length - from);
    } catch (error) {
      // A descriptor shared with a socket may not block; a millisecond of waiting does what blocking would.
      if (isErrno(error, "EAGAIN")) Atomics.wait(PAUSE, 0, 0, 1);
      else this.#isBroken = true;
      return 0;
    }
  }
}
