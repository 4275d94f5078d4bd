/** The central directory of a zip (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), zip64 included. */
import { fstatSync, readSync } from "node:fs";
import { InvalidFileError } from "../invalid-file-error.ts";

/** One file of a zip. */
export interface ZipEntry {
  name: string;
  /** 0: stored, 8: deflated. */
  method: number;
  compressedBytes: number;
  sizeBytes: number;
  /** The offset of its local header. */
  offset: number;
  crc32: number;
  /** Whether its checksum follows its bytes once more. */
  hasDescriptor: boolean;
  /** Whether a size or the offset is beyond 32 bits, or is said to be. */
  isZip64: boolean;
}

/** The descriptor of an open zip, or its bytes. */
export type ZipSource = number | Buffer;

/** The end of a zip without a comment. */
export const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
/** More than a module of 500 MiB has; the central directory is read into memory. */
const MAX_ENTRIES = 500_000;
const MAX_DIRECTORY_BYTES = 64 << 20;
const IN_ZIP64 = 0xffff_ffff;
const HAS_DESCRIPTOR = 8;

/** Throws an `InvalidFileError` for an incomplete or malformed zip. */
export function readZipDirectory(zip: ZipSource): ZipEntry[] {
  const size = sizeOf(zip);
  const { offset, length, count } = findDirectory(zip, size);
  if (count > MAX_ENTRIES || length > MAX_DIRECTORY_BYTES)
    throw new InvalidFileError("zip with too many files");
  if (offset + length > size) throw new InvalidFileError("zip is cut off");
  const entries = parseDirectory(readPart(zip, offset, length));
  if (entries.length !== count)
    throw new InvalidFileError("zip with a list of files that has another length than it says");
  return entries;
}

export function sizeOf(zip: ZipSource): number {
  return typeof zip === "number" ? fstatSync(zip).size : zip.length;
}

/** Exactly `length` bytes; synchronous, since a client waits and another thread would take longer. */
export function readPart(zip: ZipSource, offset: number, length: number): Buffer {
  if (typeof zip === "number") return readFilePart(zip, offset, length);
  if (offset + length > zip.length) throw new InvalidFileError("zip is cut off");
  return zip.subarray(offset, offset + length) as Buffer;
}

function readFilePart(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const bytesRead = readSync(file, bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new InvalidFileError("zip is cut off");
    done += bytesRead;
  }
  return bytes;
}

function findDirectory(zip: ZipSource, size: number) {
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT_BYTES + 20);
  const tail = readPart(zip, size - tailBytes, tailBytes);
  const at = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (at === -1 || at + END_BYTES > tail.length) throw new InvalidFileError("no zip: its end is missing");
  const [count, length, offset] = [
    tail.readUInt16LE(at + 10),
    tail.readUInt32LE(at + 12),
    tail.readUInt32LE(at + 16),
  ];
  const isZip64 = count === 0xffff || length === IN_ZIP64 || offset === IN_ZIP64;
  if (!isZip64) return { count, length, offset };
  const locator = at - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x0706_4b50) return { count, length, offset };
  const end = readPart(zip, toNumber(tail.readBigUInt64LE(locator + 8)), 56);
  if (end.readUInt32LE(0) !== 0x0606_4b50) throw new InvalidFileError("no zip: its zip64 end is missing");
  return {
    count: toNumber(end.readBigUInt64LE(32)),
    length: toNumber(end.readBigUInt64LE(40)),
    offset: toNumber(end.readBigUInt64LE(48)),
  };
}

function parseDirectory(bytes: Buffer): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x0201_4b50) {
      throw new InvalidFileError("zip with a broken list of files");
    }
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const next = extraEnd + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw new InvalidFileError("zip with a broken list of files");
    const entry = {
      name: bytes.toString("utf8", at + 46, nameEnd),
      method: bytes.readUInt16LE(at + 10),
      compressedBytes: bytes.readUInt32LE(at + 20),
      sizeBytes: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
      crc32: bytes.readUInt32LE(at + 16),
      hasDescriptor: (bytes.readUInt16LE(at + 8) & HAS_DESCRIPTOR) !== 0,
    };
    const isZip64 = [entry.sizeBytes, entry.compressedBytes, entry.offset].includes(IN_ZIP64);
    entries.push(withZip64({ ...entry, isZip64 }, bytes.subarray(nameEnd, extraEnd)));
    at = next;
  }
  return entries;
}

/** Sizes of more than 32 bits are in an extra field, in this order. */
function withZip64(entry: ZipEntry, extra: Buffer): ZipEntry {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    if (extra.readUInt16LE(at) === 1) return fill(entry, extra.subarray(at + 4, end));
    at = end;
  }
  return entry;
}

function fill(entry: ZipEntry, values: Buffer): ZipEntry {
  const filled = { ...entry };
  let at = 0;
  for (const key of ["sizeBytes", "compressedBytes", "offset"] as const) {
    if (filled[key] !== IN_ZIP64 || at + 8 > values.length) continue;
    filled[key] = toNumber(values.readBigUInt64LE(at));
    at += 8;
  }
  return filled;
}

function toNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new InvalidFileError("zip with an impossible size");
  return Number(value);
}
