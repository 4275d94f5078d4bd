/** What go demands of a module's zip (golang.org/x/mod/zip), looked up in its list of files: nothing is expanded. */
import { closeSync, openSync } from "node:fs";
import { excerpt } from "../../lib/text/excerpt.ts";
import { InvalidFileError } from "../mod-error.ts";
import { readZipDirectory, sizeOf, type ZipEntry, type ZipSource } from "./zip-directory.ts";

/** Of a zip, and of all that is in it. */
export const MAX_ZIP_BYTES = 500 << 20;
const MAX_SMALL_BYTES = 16 << 20;
/** Nobody could write the file: the longest path of the common systems. */
const MAX_NAME_CHARS = 4_096;
/**
 * Of all files and of the directories that they lie in. A name of 4,096 characters may name 2,000 directories, which
 * take 4 MB: without a limit of their own, a list that is read fills the memory.
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
    if (entry.name.length > MAX_NAME_CHARS) throw new InvalidFileError("zip has a file with too long a name");
    if (!entry.name.startsWith(prefix)) {
      throw new InvalidFileError(`zip has ${excerpt(entry.name)}, which does not begin with ${prefix}`);
    }
    const name = entry.name.slice(prefix.length);
    if (name === "") continue;
    const isDirectory = name.endsWith("/");
    checkName(isDirectory ? name.slice(0, -1) : name);
    names.add(isDirectory ? name.slice(0, -1) : name, isDirectory);
    if (!isDirectory) checkEntry(entry, name, size);
    // Files that lie in the same bytes are read once for each of them, and there may be half a million.
    compressedSum += entry.compressedBytes;
    if (compressedSum > size) throw new InvalidFileError("zip with files that overlap");
    sum += entry.sizeBytes;
    if (sum > MAX_ZIP_BYTES) throw new InvalidFileError(`zip expands to more than ${MAX_ZIP_BYTES} bytes`);
  }
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

/** Names that differ only in capitals can't lie side by side everywhere. */
class NameSet {
  readonly #byFolded = new Map<string, { name: string; isDirectory: boolean }>();
  #chars = 0;

  add(name: string, isDirectory: boolean): void {
    let isNew = this.#addOne(name, isDirectory);
    // Upwards: what is above a name that is known is known as well.
    for (let end = name.lastIndexOf("/"); isNew && end !== -1; end = name.lastIndexOf("/", end - 1)) {
      isNew = this.#addOne(name.slice(0, end), true);
    }
  }

  /** Whether it is new. */
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
