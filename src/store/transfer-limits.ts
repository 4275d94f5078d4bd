/** The slowest line that is waited for. */
const BYTES_PER_MS = 2_000;
const GRACE_MS = 1_000;

/** How long a body of this size may take: a second, and the time it needs at 2 MB/s. */
export function transferLimitMs(sizeBytes: number): number {
  return GRACE_MS + sizeBytes / BYTES_PER_MS;
}

/** How long uploads of this size together may take: half as long again as at that speed, an answer's time at least. */
export function uploadLimitMs(sizeBytes: number, answerMs: number): number {
  return Math.max(answerMs, (1.5 * sizeBytes) / BYTES_PER_MS);
}
