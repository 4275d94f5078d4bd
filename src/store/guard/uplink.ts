import { Deadline } from "../../lib/async/deadline.ts";
import { uploadLimitMs } from "../transfer-limits.ts";

interface Upload {
  deadline: Deadline;
  /** How long a small one may take. */
  answerMs: number;
  ownBytes: number;
  /** Its own, and those of all that were under way when it began. */
  firstBytes: number;
  /** Its own, and those of others that its time has to be enough for. */
  bytes: number;
}

/**
 * Bounds uploads that share one uplink by the time they need together. How much of one has gone is not known before its
 * answer comes, so one that begins gives those under way its own time on top.
 */
export class Uplink {
  readonly #timeoutMs: number;
  readonly #uploads = new Set<Upload>();
  #answerMs: number;
  #bytesUnderWay = 0;

  /** `timeoutMs`: the longest wait for the answer to a small one. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#answerMs = timeoutMs;
  }

  /** Bytes of what is being uploaded. */
  get bytesUnderWay(): number {
    return this.#bytesUnderWay;
  }

  /** Somebody waits for the end of it all: the answers to uploads that begin from now on may take half as long. */
  tighten(): void {
    this.#answerMs = this.#timeoutMs / 2;
  }

  /** Settles as `upload` does, which has to obey its signal: that aborts when the time is up, and when one of `signals` does. */
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

/** One of `sizeBytes` begins beside it; of a fair line none of `lanes` uploads gets more than this one does meanwhile. */
function share(upload: Upload, sizeBytes: number, lanes: number): void {
  const most = Math.max(upload.firstBytes, lanes * upload.ownBytes);
  upload.bytes = Math.max(upload.bytes, Math.min(upload.bytes + sizeBytes, most));
  upload.deadline.extendTo(uploadLimitMs(upload.bytes, upload.answerMs));
}
