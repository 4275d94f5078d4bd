import { closeSync, openSync } from "node:fs";
import { InvalidFileError } from "../invalid-file-error.ts";
import { checkZip } from "./check-zip.ts";
import { hashZip } from "./expand-zip.ts";
import { END_BYTES, readPart, readZipDirectory, sizeOf } from "./zip-directory.ts";

const END = 0x0605_4b50;
/** Readers look for larger numbers elsewhere in a zip. Go does so from a list of files of this size on. */
const ELSEWHERE = { count: [0xffff], length: [0xffff, 0xffff_ffff], offset: [0xffff_ffff] };

/**
 * The hash of a module's zip in which go sees exactly the files that are hashed here. Whoever writes a zip's hash beside it
 * needs that: go looks into the zip no more. Zips can be written so that two readers find different lists of files in
 * them; this throws an `InvalidFileError` for all with a comment, 64-bit numbers, bytes between the list and the end, or
 * entries for folders. Go makes none of these.
 */
export async function hashPlainZip(path: string, module: string, version: string): Promise<string> {
  plainZipFiles(path, module, version);
  return await hashZip(path);
}

/** Throws as `hashPlainZip` rejects. Returns the zip's files, with their names below the module, in the zip's order. */
export function plainZipFiles(
  path: string,
  module: string,
  version: string,
): [name: string, sizeBytes: number][] {
  checkZip(path, module, version);
  const file = openSync(path, "r");
  try {
    checkEnd(file);
    return readZipDirectory(file).map(({ name, sizeBytes, isZip64 }) => {
      if (isZip64 || name.endsWith("/"))
        throw new InvalidFileError("zip with an entry that go does not make");
      return [name.slice(`${module}@${version}/`.length), sizeBytes];
    });
  } finally {
    closeSync(file);
  }
}

/** The end is the last of the zip, and the list of files lies right before it, where the end says. */
function checkEnd(file: number): void {
  const size = sizeOf(file);
  if (size < END_BYTES) throw new InvalidFileError("no zip: its end is missing");
  const end = readPart(file, size - END_BYTES, END_BYTES);
  if (end.readUInt32LE(0) !== END || end.readUInt16LE(20) !== 0)
    throw new InvalidFileError("zip that does not end as go ends one");
  const [count, length, offset] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)];
  const isElsewhere =
    ELSEWHERE.count.includes(count) || ELSEWHERE.length.includes(length) || ELSEWHERE.offset.includes(offset);
  if (isElsewhere) throw new InvalidFileError("zip with 64-bit numbers");
  if (offset + length !== size - END_BYTES)
    throw new InvalidFileError("zip with its list of files elsewhere");
}
