/** Zstandard frames (RFC 8878), each with the size of its content in its header unless it was made as a stream. */

const MAGIC = 0xfd2fb528;
const BLOCK_HEADER_BYTES = 3;

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
 * The content of one frame, at most `maxBytes`. Throws for what is no frame, or not just one, for what claims more, and
 * for what does not say: a few bytes can stand for gigabytes.
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

/** How long the first frame is, if it says how large its content is; more than there is when it was cut off. */
export function frameLength(bytes: Uint8Array): number | undefined {
  const header = frameHeader(bytes);
  return header && frameEnd(bytes, header);
}

function checkContentSize(frame: Uint8Array, maxBytes: number): void {
  const header = frameHeader(frame);
  if (header === undefined) throw new Error("not a zstd frame of known size");
  const { contentBytes } = header;
  if (contentBytes > maxBytes)
    throw new Error(`a zstd frame of ${contentBytes} bytes instead of ${maxBytes}`);
  // Later frames would be expanded as well, to any size.
  if (frameEnd(frame, header) !== frame.length) throw new Error("not exactly one zstd frame");
}

interface FrameHeader {
  contentBytes: number;
  /** Where the first block begins. */
  end: number;
  checksumBytes: number;
}

/** `undefined` when it does not say how large the content is, or is none. */
function frameHeader(frame: Uint8Array): FrameHeader | undefined {
  if (frame.length < 6) return undefined;
  const view = viewOf(frame);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const checksumBytes = (descriptor & 0x04) !== 0 ? 4 : 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const fieldBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const end = at + fieldBytes;
  if (fieldBytes === 0 || frame.length < end) return undefined;
  return { contentBytes: contentSize(view, at, fieldBytes), end, checksumBytes };
}

function contentSize(view: DataView, at: number, fieldBytes: number): number {
  if (fieldBytes === 1) return view.getUint8(at);
  if (fieldBytes === 2) return view.getUint16(at, true) + 256;
  return fieldBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Where the frame ends, by the lengths of its blocks; beyond the bytes when those are cut off. */
function frameEnd(frame: Uint8Array, { end, checksumBytes }: FrameHeader): number {
  const view = viewOf(frame);
  let at = end;
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEADER_BYTES > frame.length) return Number.POSITIVE_INFINITY;
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const isRun = ((header >> 1) & 3) === 1;
    at += BLOCK_HEADER_BYTES + (isRun ? 1 : header >> 3);
    isLast = (header & 1) === 1;
  }
  return at + checksumBytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
