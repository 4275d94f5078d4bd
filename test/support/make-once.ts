import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Calls `make` to write a file or directory unless it exists, and returns its path. It appears atomically. If several
 * processes do this at once, the first one's is kept.
 */
export async function makeOnce(path: string, make: (half: string) => Promise<unknown>): Promise<string> {
  if (existsSync(path)) return path;
  const half = `${path}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  try {
    await make(half);
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}
