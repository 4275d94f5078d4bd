/**
 * Maps keys to paths. A key is the path of its file, unchanged, so the directory stays readable. Keys that can't be a
 * path are rejected, not escaped.
 */

/**
 * Directory of temporary files and locks: on the same file system as the objects, and not allowed as an object's name.
 */
export const WORK_DIR = ".go-cache-plugin";

/** Longest file name on common file systems. */
const MAX_NAME_BYTES = 255;

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const WINDOWS_REFUSES = /[<>:"\\|?*\p{Cc}]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/iu;

/** Splits a key into file names. Throws if the key can't be a path below the directory. */
export function splitKey(key: string): string[] {
  const names = key.split("/");
  const fault = keyFault(names);
  if (fault !== undefined) throw new Error(`a directory can't hold the key ${JSON.stringify(key)}: ${fault}`);
  return names;
}

/** The directory that contains all keys with `prefix`; `undefined` if no valid key begins with it. */
export function prefixDirectory(prefix: string): string[] | undefined {
  const names = prefix.split("/").slice(0, -1);
  return keyFault(names) === undefined ? names : undefined;
}

function keyFault(names: string[]): string | undefined {
  if (names[0]?.toLowerCase() === WORK_DIR) return `${WORK_DIR} is reserved`;
  return names.map(nameFault).find((fault) => fault !== undefined);
}

function nameFault(name: string): string | undefined {
  if (name === "") return "it has an empty part";
  if (name === "." || name === "..") return `it has a part "${name}"`;
  if (name.includes("\0") || !name.isWellFormed()) return "it isn't plain text";
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a part is longer than ${MAX_NAME_BYTES} bytes`;
  if (process.platform === "win32" && WINDOWS_REFUSES.test(name)) return `Windows refuses the name ${name}`;
  return undefined;
}
