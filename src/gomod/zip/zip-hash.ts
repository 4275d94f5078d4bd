import { closeSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { createInflateRaw, inflateRaw } from "node:zlib";
import { InvalidFileError } from "../invalid-file-error.ts";
import { hashOfFiles } from "../module-hash.ts";
import { readPart, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

/** Larger files are expanded as a stream. */
const STREAMED_BYTES = 4 << 20;
const LOCAL_HEADER_BYTES = 30;

const inflate = promisify(inflateRaw);

/** The hash of a module's zip. Expands every file, none to more than its size in the central directory. */
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
  const bytes = readPart(file, start, entry.compressedBytes);
  try {
    const content =
      entry.method === 0 ? bytes : await inflate(bytes, { maxOutputLength: entry.sizeBytes + 1 });
    if (content.length !== entry.sizeBytes) throw new Error(`it has ${content.length} bytes`);
    return sha256Hex(content);
  } catch (cause) {
    throw new InvalidFileError(`${entry.name} does not expand to ${entry.sizeBytes} bytes`, { cause });
  }
}

async function hashLarge(file: number, entry: ZipEntry, start: number): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  let length = 0;
  for await (const chunk of entry.method === 0
    ? parts(file, entry, start)
    : inflated(parts(file, entry, start))) {
    length += chunk.length;
    if (length > entry.sizeBytes) break;
    hash.update(chunk);
  }
  if (length !== entry.sizeBytes) {
    throw new InvalidFileError(`${entry.name} does not expand to ${entry.sizeBytes} bytes`);
  }
  return hash.digest("hex");
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

function sha256Hex(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
