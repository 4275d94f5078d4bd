/** The slowest line that is waited for. */
const BYTES_PER_MS = 2_000;
const GRACE_MS = 1_000;

/** How long a body of this size may take: a second, and the time it needs at 2 MB/s. */
export function transferLimitMs(sizeBytes: number): number {
  return GRACE_MS + sizeBytes / BYTES_PER_MS;
}
