import { closeSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { crc32, createInflateRaw, inflateRaw, inflateRawSync } from "node:zlib";
import { InvalidFileError } from "../invalid-file-error.ts";
import { hashOfFiles } from "../module-hash.ts";
import { readPart, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

/** Larger files are expanded as a stream. */
const STREAMED_BYTES = 4 << 20;
/** Smaller files are expanded here: another thread takes longer to be told than to expand them. */
const OWN_BYTES = 64 << 10;
const LOCAL_HEADER_BYTES = 30;
const DESCRIPTOR_BYTES = 8;
const DESCRIPTOR = 0x0807_4b50;

const inflate = promisify(inflateRaw);

/** Receives the bytes of a zip's files, one file after the other. */
export interface ZipSink {
  /** The next bytes of a file. May throw. */
  write(bytes: Buffer): void;
  /** All bytes of a file have come. May throw. */
  end(entry: ZipEntry): void;
}

/** The hash of a module's zip; see `expandZip`. */
export async function hashZip(path: string): Promise<string> {
  const files: { name: string; sha256: string }[] = [];
  let hash = new Bun.CryptoHasher("sha256");
  await expandZip(path, {
    write: (bytes) => void hash.update(bytes),
    end({ name }) {
      files.push({ name, sha256: hash.digest("hex") });
      hash = new Bun.CryptoHasher("sha256");
    },
  });
  return hashOfFiles(files);
}

/**
 * Expands the files of a zip in the order of its central directory, none to more than its size there, and checks the same
 * checksums as go. Rejects with an `InvalidFileError` for a zip that is not right, after some of it has been handed on.
 */
export async function expandZip(path: string, sink: ZipSink): Promise<void> {
  const file = openSync(path, "r");
  try {
    for (const entry of readZipDirectory(file)) {
      if (!entry.name.endsWith("/")) await expandEntry(file, entry, sink);
    }
  } finally {
    closeSync(file);
  }
}

async function expandEntry(file: number, entry: ZipEntry, sink: ZipSink): Promise<void> {
  const header = readPart(file, entry.offset, LOCAL_HEADER_BYTES);
  if (header.readUInt32LE(0) !== 0x0403_4b50) throw new InvalidFileError("zip with a broken file header");
  const start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const checked = new CheckedEntry(entry, sink);
  if (Math.max(entry.sizeBytes, entry.compressedBytes) > STREAMED_BYTES)
    await expandLarge(file, start, checked);
  else await expandSmall(file, start, checked);
}

async function expandSmall(file: number, start: number, checked: CheckedEntry): Promise<void> {
  const { name, method, sizeBytes, compressedBytes, hasDescriptor } = checked.entry;
  const bytes = readPart(file, start, compressedBytes + (hasDescriptor ? DESCRIPTOR_BYTES : 0));
  const body = bytes.subarray(0, compressedBytes);
  let expanded: Buffer;
  try {
    expanded = method === 0 ? body : await expand(body, sizeBytes);
  } catch (cause) {
    throw new InvalidFileError(`${name} does not expand to ${sizeBytes} bytes`, { cause });
  }
  checked.add(expanded);
  checked.end(bytes.subarray(compressedBytes));
}

/** Rejects with more than `sizeBytes`. */
async function expand(body: Buffer, sizeBytes: number): Promise<Buffer> {
  const limit = { maxOutputLength: sizeBytes + 1 };
  return sizeBytes > OWN_BYTES ? await inflate(body, limit) : inflateRawSync(body, limit);
}

async function expandLarge(file: number, start: number, checked: CheckedEntry): Promise<void> {
  const { entry } = checked;
  for await (const chunk of entry.method === 0
    ? parts(file, entry, start)
    : inflated(parts(file, entry, start))) {
    if (!checked.add(chunk)) break;
  }
  const end = start + entry.compressedBytes;
  checked.end(entry.hasDescriptor ? readPart(file, end, DESCRIPTOR_BYTES) : Buffer.alloc(0));
}

/** One file, handed on while it is checked. */
class CheckedEntry {
  readonly entry: ZipEntry;
  readonly #sink: ZipSink;
  #crc32 = 0;
  #length = 0;

  constructor(entry: ZipEntry, sink: ZipSink) {
    this.entry = entry;
    this.#sink = sink;
  }

  /** `false`: it is longer than the central directory says. */
  add(bytes: Buffer): boolean {
    this.#length += bytes.length;
    if (this.#length > this.entry.sizeBytes) return false;
    this.#crc32 = crc32(bytes, this.#crc32);
    this.#sink.write(bytes);
    return true;
  }

  /** `descriptor`: the bytes after it, if they are a descriptor. Throws if it is not as the zip says. */
  end(descriptor: Buffer): void {
    const { name, sizeBytes, crc32, hasDescriptor } = this.entry;
    if (this.#length !== sizeBytes)
      throw new InvalidFileError(`${name} does not expand to ${sizeBytes} bytes`);
    // Without a descriptor, zero stands for a checksum that nobody has computed.
    const isRight = hasDescriptor ? this.#isIn(descriptor) : crc32 === 0 || crc32 === this.#crc32;
    if (!isRight) throw new InvalidFileError(`${name} has another checksum than the zip says`);
    this.#sink.end(this.entry);
  }

  #isIn(descriptor: Buffer): boolean {
    const at = descriptor.readUInt32LE(0) === DESCRIPTOR ? 4 : 0;
    return this.entry.crc32 === this.#crc32 && descriptor.readUInt32LE(at) === this.#crc32;
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
