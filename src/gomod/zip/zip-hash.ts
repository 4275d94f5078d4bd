import { closeSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { crc32, createInflateRaw, inflateRaw } from "node:zlib";
import { InvalidFileError } from "../invalid-file-error.ts";
import { hashOfFiles } from "../module-hash.ts";
import { readPart, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

/** Larger files are expanded as a stream. */
const STREAMED_BYTES = 4 << 20;
const LOCAL_HEADER_BYTES = 30;
const DESCRIPTOR_BYTES = 8;
const DESCRIPTOR = 0x0807_4b50;

const inflate = promisify(inflateRaw);

/**
 * The hash of a module's zip. Expands every file, none to more than its size in the central directory, and checks the same
 * checksums as go.
 */
export async function hashZip(path: string): Promise<string> {
  const file = openSync(path, "r");
  try {
    const files: { name: string; sha256: string }[] = [];
    for (const entry of readZipDirectory(file)) {
      if (!entry.name.endsWith("/")) files.push({ name: entry.name, sha256: await hashEntry(file, entry) });
    }
    return hashOfFiles(files);
  } finally {
    closeSync(file);
  }
}

async function hashEntry(file: number, entry: ZipEntry): Promise<string> {
  const header = readPart(file, entry.offset, LOCAL_HEADER_BYTES);
  if (header.readUInt32LE(0) !== 0x0403_4b50) throw new InvalidFileError("zip with a broken file header");
  const start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (Math.max(entry.sizeBytes, entry.compressedBytes) > STREAMED_BYTES)
    return await hashLarge(file, entry, start);
  const sum = new EntrySum(entry);
  const after = entry.hasDescriptor ? DESCRIPTOR_BYTES : 0;
  const bytes = readPart(file, start, entry.compressedBytes + after);
  const body = bytes.subarray(0, entry.compressedBytes);
  try {
    sum.add(entry.method === 0 ? body : await inflate(body, { maxOutputLength: entry.sizeBytes + 1 }));
  } catch (cause) {
    throw new InvalidFileError(`${entry.name} does not expand to ${entry.sizeBytes} bytes`, { cause });
  }
  return sum.sha256(bytes.subarray(entry.compressedBytes));
}

async function hashLarge(file: number, entry: ZipEntry, start: number): Promise<string> {
  const sum = new EntrySum(entry);
  for await (const chunk of entry.method === 0
    ? parts(file, entry, start)
    : inflated(parts(file, entry, start))) {
    if (!sum.add(chunk)) break;
  }
  const end = start + entry.compressedBytes;
  return sum.sha256(entry.hasDescriptor ? readPart(file, end, DESCRIPTOR_BYTES) : Buffer.alloc(0));
}

/** Hashes the bytes of one file. */
class EntrySum {
  readonly #entry: ZipEntry;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #crc32 = 0;
  #length = 0;

  constructor(entry: ZipEntry) {
    this.#entry = entry;
  }

  /** `false`: it is longer than the central directory says. */
  add(bytes: Buffer): boolean {
    this.#length += bytes.length;
    if (this.#length > this.#entry.sizeBytes) return false;
    this.#hash.update(bytes);
    this.#crc32 = crc32(bytes, this.#crc32);
    return true;
  }

  /** `descriptor`: the bytes after it, if they are a descriptor. Throws if it is not as the zip says. */
  sha256(descriptor: Buffer): string {
    const { name, sizeBytes, crc32, hasDescriptor } = this.#entry;
    if (this.#length !== sizeBytes)
      throw new InvalidFileError(`${name} does not expand to ${sizeBytes} bytes`);
    // Without a descriptor, zero stands for a checksum that nobody has computed.
    const isRight = hasDescriptor ? this.#isIn(descriptor) : crc32 === 0 || crc32 === this.#crc32;
    if (!isRight) throw new InvalidFileError(`${name} has another checksum than the zip says`);
    return this.#hash.digest("hex");
  }

  #isIn(descriptor: Buffer): boolean {
    const at = descriptor.readUInt32LE(0) === DESCRIPTOR ? 4 : 0;
    return this.#entry.crc32 === this.#crc32 && descriptor.readUInt32LE(at) === this.#crc32;
  }
}

async function* parts(file: number, entry: ZipEntry, start: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < entry.compressedBytes; ) {
    const part = readPart(file, start + done, Math.min(1 << 18, entry.compressedBytes - done));
    done += part.length;
    yield part;
  }
}

async function* inflated(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const { Readable } = await import("node:stream");
  const stream = Readable.from(source).on("error", (error) => expanded.destroy(error));
  const expanded = createInflateRaw();
  try {
    yield* stream.pipe(expanded);
  } catch (cause) {
    throw new InvalidFileError("zip with a file that does not expand", { cause });
  } finally {
    stream.destroy();
  }
}
