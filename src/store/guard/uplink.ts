import { Deadline } from "../../lib/async/deadline.ts";
import { uploadLimitMs } from "../transfer-limits.ts";

interface Upload {
  deadline: Deadline;
  /** Time limit of a small upload. */
  answerMs: number;
  ownBytes: number;
  /** Its own bytes and those of all uploads in progress when it began. */
  firstBytes: number;
  /** Its own bytes and those of other uploads that its time limit allows for. */
  bytes: number;
}

/**
 * Limits the time of uploads that share one uplink. The progress of an upload is unknown until its answer arrives, so
 * each new upload extends the limits of those in progress by its own time.
 */
export class Uplink {
  readonly #timeoutMs: number;
  readonly #uploads = new Set<Upload>();
  #answerMs: number;
  #bytesUnderWay = 0;

  /** `timeoutMs`: timeout for the answer to a small upload. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#answerMs = timeoutMs;
  }

  /** Bytes of all uploads in progress. */
  get bytesUnderWay(): number {
    return this.#bytesUnderWay;
  }

  /** Halves the timeout for answers to new uploads, because go now waits for all of them. */
  tighten(): void {
    this.#answerMs = this.#timeoutMs / 2;
  }

  /**
   * Runs `upload` and settles like it. `upload` must obey its signal, which aborts at the time limit and when one of
   * `signals` aborts.
   */
  async bounded<T>(
    sizeBytes: number,
    signals: readonly (AbortSignal | undefined)[],
    upload: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (const other of this.#uploads) share(other, sizeBytes, this.#uploads.size + 1);
    this.#bytesUnderWay += sizeBytes;
    using deadline = new Deadline(uploadLimitMs(this.#bytesUnderWay, this.#answerMs), ...signals);
    const own = {
      deadline,
      answerMs: this.#answerMs,
      ownBytes: sizeBytes,
      firstBytes: this.#bytesUnderWay,
      bytes: this.#bytesUnderWay,
    };
    this.#uploads.add(own);
    try {
      return await upload(deadline.signal);
    } finally {
      this.#uploads.delete(own);
      this.#bytesUnderWay -= sizeBytes;
    }
  }
}

/**
 * Extends the limit of an upload because another one of `sizeBytes` begins. With a fair share per upload, each of the
 * `lanes` uploads sends at most as much as this one meanwhile, which caps the extension.
 */
function share(upload: Upload, sizeBytes: number, lanes: number): void {
  const most = Math.max(upload.firstBytes, lanes * upload.ownBytes);
  upload.bytes = Math.max(upload.bytes, Math.min(upload.bytes + sizeBytes, most));
  upload.deadline.extendTo(uploadLimitMs(upload.bytes, upload.answerMs));
}
