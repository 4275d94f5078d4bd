/** A request body: bytes in memory, or a file that each attempt reads again and never buffers whole. */
import { exactStream } from "../lib/bytes/exact-stream.ts";

/** The body of a put. */
export type PayloadSource = Uint8Array | { path: string; sizeBytes: number };

/** A body with its hash, which is signed before the body is sent. */
export interface Payload {
  /** Lower-case hex. */
  sha256: string;
  sizeBytes: number;
  /** Opens the body at its start, once per attempt. For a file, `onBytes` receives the size of each chunk. */
  open(onBytes: (count: number) => void): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/** Hashes `source` unless the hash is given. */
export async function preparePayload(
  source: PayloadSource,
  options: { sha256?: string | undefined; signal?: AbortSignal | undefined },
): Promise<Payload> {
  if (source instanceof Uint8Array) return bytesPayload(source, options.sha256);
  const sha256 = options.sha256 ?? (await hashFile(source.path, options.signal));
  return filePayload(source, sha256);
}

function bytesPayload(bytes: Uint8Array, known: string | undefined): Payload {
  const sha256 = known ?? new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return {
    sha256,
    sizeBytes: bytes.length,
    open: () => bytes as Uint8Array<ArrayBuffer>,
  };
}

/** A stream, since Bun reads a file body whole before it sends it over TLS. */
function filePayload({ path, sizeBytes }: { path: string; sizeBytes: number }, sha256: string): Payload {
  const onFailure = (bytesSoFar: number, cause: unknown) =>
    new Error(`${path} can't be read beyond ${bytesSoFar} of ${sizeBytes} bytes`, { cause });
  return {
    sha256,
    sizeBytes,
    open: (onBytes) => exactStream(Bun.file(path).stream(), { takeBytes: sizeBytes, onBytes, onFailure }),
  };
}

async function hashFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) {
    signal?.throwIfAborted();
    hasher.update(chunk);
  }
  return hasher.digest("hex");
}
