import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { TempFile } from "../../../store/local/temp-file.ts";
import type { LocalOutput } from "../format/output-frame.ts";

/** Each chunk waits for another thread. */
const CHUNK_BYTES = 1 << 20;

/** The frame of an output that is too large for memory, in a file. */
export interface SpooledFrame {
  path: string;
  sizeBytes: number;
  /** The frame's SHA-256: the id of the pack that contains only this frame. */
  sha256: string;
}

/**
 * Compresses an output into `file`; `undefined` if the output is gone or its bytes have changed. The caller discards
 * `file`.
 */
export async function spoolFrame(output: LocalOutput, file: TempFile): Promise<SpooledFrame | undefined> {
  const content = new Bun.CryptoHasher("sha256");
  const frame = new Bun.CryptoHasher("sha256");
  const source = openOutput(output);
  // Loaded when it is needed: it would delay go's first miss by milliseconds.
  const compress = process.getBuiltinModule("node:zlib").createZstdCompress();
  source.on("data", (chunk) => content.update(chunk));
  source.once("error", (error) => compress.destroy(error));
  try {
    for await (const chunk of source.pipe(compress)) {
      frame.update(chunk);
      file.write(chunk);
    }
  } catch {
    return undefined;
  } finally {
    source.destroy();
  }
  if (content.digest("hex") !== output.outputId) return undefined;
  return { path: file.path, sizeBytes: file.sizeBytes, sha256: frame.digest("hex") };
}

function openOutput({ path, chunks }: LocalOutput): Readable {
  if (chunks === undefined) return createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const stream = process.getBuiltinModule("node:stream");
  return stream.Readable.from(joined(chunks()), { objectMode: false });
}

/** A stream keeps its chunks, while these count only until the next is read. */
function* joined(chunks: Iterable<Uint8Array>): Generator<Buffer, void, void> {
  let some: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    some.push(new Uint8Array(chunk));
    bytes += chunk.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(some);
    some = [];
    bytes = 0;
  }
  yield Buffer.concat(some);
}
