/** go's rules for a module's zip (golang.org/x/mod/zip), checked in its central directory without expanding files. */
import { closeSync, openSync } from "node:fs";
import { excerpt } from "../../lib/text/excerpt.ts";
import { InvalidFileError } from "../mod-error.ts";
import { readZipDirectory, sizeOf, type ZipEntry, type ZipSource } from "./zip-directory.ts";

/** Largest size of a zip, and of its files when expanded. */
export const MAX_ZIP_BYTES = 500 << 20;
const MAX_SMALL_BYTES = 16 << 20;
/** The longest path that common systems can write. */
const MAX_NAME_CHARS = 4_096;
/**
 * Limits for the names of all files and their directories together. A name of 4,096 characters may name 2,000
 * directories, which take 4 MB, so directories of many files could fill the memory.
 */
const MAX_NAMES_CHARS = 64 << 20;
const MAX_NAMES = 500_000;

const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const ASCII_CHARS = /^[A-Za-z0-9!#$%&()+,\-.=@[\]^_{}~ ]$/;

/** Throws an `InvalidFileError` that says what is wrong with the zip of `module@version`. */
export function checkZip(path: string, module: string, version: string): void {
  const file = openSync(path, "r");
  try {
    checkEntries(file, `${module}@${version}/`);
  } finally {
    closeSync(file);
  }
}

/** The same for a zip in memory. */
export function checkZipBytes(bytes: Buffer, module: string, version: string): void {
  checkEntries(bytes, `${module}@${version}/`);
}

function checkEntries(zip: ZipSource, prefix: string): void {
  const size = sizeOf(zip);
  if (size > MAX_ZIP_BYTES) throw new InvalidFileError(`zip is larger than ${MAX_ZIP_BYTES} bytes`);
  const names = new NameSet();
  let sum = 0;
  let compressedSum = 0;
  for (const entry of readZipDirectory(zip)) {
    const path = pathBelow(prefix, entry.name);
    if (path === "") continue;
    const isDirectory = path.endsWith("/");
    const name = isDirectory ? path.slice(0, -1) : path;
    checkName(name);
    names.add(name, isDirectory);
    if (!isDirectory) checkEntry(entry, name, size);
    // Half a million files could share the same bytes, which would be expanded for each of them.
    compressedSum += entry.compressedBytes;
    if (compressedSum > size) throw new InvalidFileError("zip with files that overlap");
    sum += entry.sizeBytes;
    if (sum > MAX_ZIP_BYTES) throw new InvalidFileError(`zip expands to more than ${MAX_ZIP_BYTES} bytes`);
  }
}

function pathBelow(prefix: string, name: string): string {
  if (name.length > MAX_NAME_CHARS) throw new InvalidFileError("zip has a file with too long a name");
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  throw new InvalidFileError(`zip has ${excerpt(name)}, which does not begin with ${prefix}`);
}

function checkEntry(entry: ZipEntry, name: string, size: number): void {
  if (entry.offset + entry.compressedBytes > size) throw new InvalidFileError("zip is cut off");
  if (entry.method !== 0 && entry.method !== 8) throw new InvalidFileError(`zip with method ${entry.method}`);
  const isModFile = /(^|\/)go\.mod$/i.test(name);
  if (isModFile && name !== "go.mod") throw new InvalidFileError(`zip has ${excerpt(name)}, not at its top`);
  const isSmall = name === "go.mod" || name === "LICENSE";
  if (isSmall && entry.sizeBytes > MAX_SMALL_BYTES)
    throw new InvalidFileError(`${name} in the zip is too large`);
}

function checkName(name: string): void {
  const isGood = name.split("/").every((part) => {
    if (part === "" || /^\.+$/.test(part) || part.endsWith(".")) return false;
    if (RESERVED.test(part.split(".")[0] ?? "")) return false;
    return [...part].every((char) =>
      char.charCodeAt(0) < 128 ? ASCII_CHARS.test(char) : /\p{L}/u.test(char),
    );
  });
  if (!isGood) throw new InvalidFileError(`zip has a file with the bad name ${excerpt(name)}`);
}

/** Refuses names that differ only in case: some file systems can't have both. */
class NameSet {
  readonly #byFolded = new Map<string, { name: string; isDirectory: boolean }>();
  #chars = 0;

  add(name: string, isDirectory: boolean): void {
    let isNew = this.#addOne(name, isDirectory);
    // Upwards: the parents of a known directory are known as well.
    for (let end = name.lastIndexOf("/"); isNew && end !== -1; end = name.lastIndexOf("/", end - 1)) {
      isNew = this.#addOne(name.slice(0, end), true);
    }
  }

  /** Returns whether the name is new. */
  #addOne(name: string, isDirectory: boolean): boolean {
    const folded = name.toLowerCase();
    const known = this.#byFolded.get(folded);
    if (known === undefined) {
      this.#count(name);
      this.#byFolded.set(folded, { name, isDirectory });
      return true;
    }
    if (known.name !== name || !known.isDirectory || !isDirectory) {
      throw new InvalidFileError(`zip has ${excerpt(known.name)} and ${excerpt(name)}`);
    }
    return false;
  }

  #count(name: string): void {
    this.#chars += name.length;
    if (this.#chars > MAX_NAMES_CHARS || this.#byFolded.size === MAX_NAMES) {
      throw new InvalidFileError("zip with too many directories");
    }
  }
}
