/** go's rules for a module's zip (golang.org/x/mod/zip), checked in its central directory without expanding files. */
import { closeSync, openSync } from "node:fs";
import { excerpt } from "../../lib/text/excerpt.ts";
import { FileNames, MAX_GO_MOD_BYTES, MAX_MODULE_BYTES, MAX_NAME_CHARS } from "../file-names.ts";
import { InvalidFileError } from "../invalid-file-error.ts";
import { readZipDirectory, sizeOf, type ZipEntry, type ZipSource } from "./zip-directory.ts";

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
  if (size > MAX_MODULE_BYTES) throw new InvalidFileError(`zip is larger than ${MAX_MODULE_BYTES} bytes`);
  const names = new FileNames();
  let sum = 0;
  let compressedSum = 0;
  for (const entry of readZipDirectory(zip)) {
    const path = pathBelow(prefix, entry.name);
    if (path === "") continue;
    const isDirectory = path.endsWith("/");
    const name = isDirectory ? path.slice(0, -1) : path;
    const fault = names.add(name, isDirectory);
    if (fault !== undefined) throw new InvalidFileError(`zip has ${fault}`);
    if (!isDirectory) checkEntry(entry, name, size);
    // Half a million files could share the same bytes, which would be expanded for each of them.
    compressedSum += entry.compressedBytes;
    if (compressedSum > size) throw new InvalidFileError("zip with files that overlap");
    sum += entry.sizeBytes;
    if (sum > MAX_MODULE_BYTES)
      throw new InvalidFileError(`zip expands to more than ${MAX_MODULE_BYTES} bytes`);
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
  if (isSmall && entry.sizeBytes > MAX_GO_MOD_BYTES)
    throw new InvalidFileError(`${name} in the zip is too large`);
}
