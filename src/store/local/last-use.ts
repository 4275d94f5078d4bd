import { ACTION_DIR } from "./local-dir.ts";

/**
 * When a file of a cache directory was last used, to the hour. The mtime of an action record is the time of its put
 * (`go clean -testcache` depends on that), so its atime holds the last use. Other files are read by many programs, so
 * their mtime holds the last use.
 */
export function lastUseMs(kind: string, stat: { atimeMs: number; mtimeMs: number }): number {
  return kind === ACTION_DIR ? stat.atimeMs : stat.mtimeMs;
}
