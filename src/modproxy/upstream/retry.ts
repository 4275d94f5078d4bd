/** When a request that failed is worth another try: cmd/go itself never tries again. */
import { systemClock } from "../../lib/async/clock.ts";

export const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isRetried(status: number): boolean {
  return RETRIED.has(status);
}

/** Waits before attempt `next` (2 and up): longer each time, at random, or what the server asks for, within limits. */
export async function pauseBefore(
  next: number,
  retryAfter: string | null,
  signal: AbortSignal,
): Promise<void> {
  const askedMs = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0;
  const limitMs = Math.min(FIRST_PAUSE_MS * 2 ** (next - 1), LONGEST_PAUSE_MS);
  await systemClock.sleep(Math.max(Math.min(askedMs, LONGEST_PAUSE_MS), Math.random() * limitMs), signal);
}
