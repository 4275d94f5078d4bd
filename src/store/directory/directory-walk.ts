/** Lists the files below a directory as keys, in S3's order. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { abortable } from "../../lib/async/abortable.ts";
import { isErrno } from "../../lib/files/errno.ts";
import { compareUtf8 } from "../../lib/text/compare-utf8.ts";
import { WORK_DIR } from "./directory-key.ts";

/** Where to search, and which keys to return. */
export interface Walk {
  /** The root directory of all objects. */
  root: string;
  prefix: string;
  /** Only keys after this one. */
  startAfter: string;
  signal: AbortSignal | undefined;
}

/**
 * The keys of all files below `directoryKey` (empty, or ending with `/`), ascending by UTF-8 bytes. Skips symbolic
 * links, special files, and files that vanish meanwhile.
 */
export async function* walkKeys(walk: Walk, directoryKey: string): AsyncGenerator<string, void, void> {
  for (const name of await sortedNames(walk, directoryKey)) {
    const key = directoryKey + name;
    if (!name.endsWith("/")) {
      if (key.startsWith(walk.prefix) && compareUtf8(key, walk.startAfter) > 0) yield key;
    } else if (mayHoldWanted(walk, key)) {
      yield* walkKeys(walk, key);
    }
  }
}

function mayHoldWanted({ prefix, startAfter }: Walk, directoryKey: string): boolean {
  if (!directoryKey.startsWith(prefix) && !prefix.startsWith(directoryKey)) return false;
  return startAfter.startsWith(directoryKey) || compareUtf8(directoryKey, startAfter) > 0;
}

/** A directory sorts as its name plus the slash that follows in keys: `a-b` before `a/b`. */
async function sortedNames({ root, signal }: Walk, directoryKey: string): Promise<string[]> {
  const path = join(root, directoryKey);
  try {
    const entries = await abortable(readdir(path, { withFileTypes: true }), signal);
    const names = await Promise.all(entries.map((entry) => markedName(path, entry)));
    const known = names.filter((name) => name !== undefined);
    return known.filter((name) => directoryKey + name !== `${WORK_DIR}/`).sort(compareUtf8);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

async function markedName(directory: string, entry: Kind & { name: string }): Promise<string | undefined> {
  const isKnown = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
  // Listings of some network file systems have no file types.
  const kind: Kind | undefined = isKnown
    ? entry
    : await lstat(join(directory, entry.name)).catch(() => undefined);
  if (kind?.isDirectory()) return `${entry.name}/`;
  return kind?.isFile() ? entry.name : undefined;
}
