/** Zstandard frames (RFC 8878), each with the size of its content in its header unless it was made as a stream. */

const MAGIC = 0xfd2fb528;

/** Faster levels cost every reader bytes, slower ones cost the build that writes more than they save. */
const LEVEL = 3;

/** One frame with the content's size in its header. */
export function compressFrame(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Bun.zstdCompressSync(bytes, { level: LEVEL }) as Uint8Array<ArrayBuffer>;
}

/** The same on another thread. */
export async function compressFrameAside(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return (await Bun.zstdCompress(bytes, { level: LEVEL })) as Uint8Array<ArrayBuffer>;
}

/**
 * The content of one frame, at most `maxBytes`. Throws for what is no frame, what claims more, and what does not say:
 * a few bytes can stand for gigabytes.
 */
export function expandFrame(frame: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> {
  checkContentSize(frame, maxBytes);
  return Bun.zstdDecompressSync(frame) as Uint8Array<ArrayBuffer>;
}

/** The same on another thread. */
export async function expandFrameAside(
  frame: Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  checkContentSize(frame, maxBytes);
  return (await Bun.zstdDecompress(frame)) as Uint8Array<ArrayBuffer>;
}

function checkContentSize(frame: Uint8Array, maxBytes: number): void {
  const contentBytes = frameContentBytes(frame);
  if (contentBytes === undefined) throw new Error("not a zstd frame of known size");
  if (contentBytes > maxBytes)
    throw new Error(`a zstd frame of ${contentBytes} bytes instead of ${maxBytes}`);
}

/** What the header says; `undefined` when it says nothing, or is none. */
function frameContentBytes(frame: Uint8Array): number | undefined {
  if (frame.length < 6) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const fieldBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  if (fieldBytes === 0 || frame.length < at + fieldBytes) return undefined;
  if (fieldBytes === 1) return view.getUint8(at);
  if (fieldBytes === 2) return view.getUint16(at, true) + 256;
  return fieldBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
