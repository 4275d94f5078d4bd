import { Deadline } from "../lib/deadline.ts";
import { uploadLimitMs } from "../lib/transfer-limits.ts";

interface Upload {
  deadline: Deadline;
  /** How long a small one may take. */
  answerMs: number;
  /** Its own, and those of all that have shared the line with it. */
  bytes: number;
}

/**
 * Bounds uploads that share one line by the time they need together. How much of one has gone is not known before its
 * answer comes, so one that begins gives those under way its own time on top.
 */
export class UploadLine {
  readonly #uploads = new Set<Upload>();
  #timeoutMs: number;
  #isWaitedFor = false;
  #bytesUnderWay = 0;

  /** `timeoutMs`: the longest wait for the answer to a small one. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Bytes of what is being uploaded. */
  get bytesUnderWay(): number {
    return this.#bytesUnderWay;
  }

  /** Somebody waits for the end of it all: the answers to uploads that begin from now on may take half as long. */
  hasten(): void {
    if (!this.#isWaitedFor) this.#timeoutMs /= 2;
    this.#isWaitedFor = true;
  }

  /** Settles as `upload` does, which has to obey its signal: that aborts when the time is up, and when `signal` does. */
  async bounded<T>(
    sizeBytes: number,
    signal: AbortSignal,
    upload: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (const other of this.#uploads) share(other, sizeBytes);
    this.#bytesUnderWay += sizeBytes;
    using deadline = new Deadline(uploadLimitMs(this.#bytesUnderWay, this.#timeoutMs), signal);
    const own = { deadline, answerMs: this.#timeoutMs, bytes: this.#bytesUnderWay };
    this.#uploads.add(own);
    try {
      return await upload(deadline.signal);
    } finally {
      this.#uploads.delete(own);
      this.#bytesUnderWay -= sizeBytes;
    }
  }
}

function share(upload: Upload, sizeBytes: number): void {
  upload.bytes += sizeBytes;
  upload.deadline.extendTo(uploadLimitMs(upload.bytes, upload.answerMs));
}
