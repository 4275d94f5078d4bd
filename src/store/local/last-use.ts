import { ACTION_DIR } from "./local-dir.ts";

/**
 * When a file of a cache directory was last used, to the hour. The time of last change of an action record is when it
 * was put (`go clean -testcache` depends on that), so its last use is its time of last access. Other files, which many
 * programs read, have their last use as their time of last change.
 */
export function lastUseMs(kind: string, stat: { atimeMs: number; mtimeMs: number }): number {
  return kind === ACTION_DIR ? stat.atimeMs : stat.mtimeMs;
}
