import { statSync, utimesSync } from "node:fs";

const DAY_MS = 24 * 3_600_000;

/** Marks a file as used, at most once a day, for whoever removes files that nobody uses. Never throws. */
export function touchDaily(path: string, nowMs = Date.now()): void {
  try {
    if (Math.abs(nowMs - statSync(path).mtimeMs) > DAY_MS) utimesSync(path, nowMs / 1000, nowMs / 1000);
  } catch {
    // It is another user's, or gone.
  }
}
