import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Lets `make` write a file or directory, unless there is one already, and returns its path. It appears whole or not at
 * all. Of several processes that do this at once, the first one's is kept.
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
