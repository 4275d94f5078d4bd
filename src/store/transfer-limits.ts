/** Slowest accepted transfer rate. */
const BYTES_PER_MS = 2_000;
const GRACE_MS = 1_000;

/** Time limit for a body of this size: one second plus its time at 2 MB/s. */
export function transferLimitMs(sizeBytes: number): number {
  return GRACE_MS + sizeBytes / BYTES_PER_MS;
}

/** Time limit for uploads of this total size: 1.5 times their time at 2 MB/s, but at least the timeout of an answer. */
export function uploadLimitMs(sizeBytes: number, answerMs: number): number {
  return Math.max(answerMs, (1.5 * sizeBytes) / BYTES_PER_MS);
}
