/**
 * The parts of a record's object: its own zstd frame, then skippable frames (RFC 8878, 3.1.2), which `zstd -dc` ignores.
 *
 * - 0x184d2a51: an inline segment, as `segment/<xx>/<id>` would contain it. The record names its hash.
 * - 0x184d2a50: the seal of a signed record, last. Its content is text,
 *
 *       {"seal":1,"name":"<end of the object key>","key":"<public key, base64url>","expires":<ms since 1970>,
 *        "signature":"<base64url>"}
 *
 *   The signature (Ed25519) covers `["go-cache-plugin record 1","<object key>",<expires>,"<SHA-256 of the record's own
 *   frame, hex>"]`, so a record is valid only at its own object key and only until it expires. It covers the segments,
 *   since the record's own frame names their hashes. A copy of a record elsewhere is checked before it is parsed: the
 *   reader knows the folder of the record, and "name" is what follows the last slash of its key.
 */
import { frameLength } from "../../../lib/bytes/zstd.ts";

const SEAL_MAGIC = 0x184d2a50;
const SEGMENT_MAGIC = 0x184d2a51;
const HEADER_BYTES = 8;
const MAX_SEAL_BYTES = 1_024;
const VERSION = 1;

export interface Seal {
  /** See `sealName`. */
  name: string;
  /** The claimed signer: the raw public key, base64url. */
  key: string;
  expiresMs: number;
  /** base64url. */
  signature: string;
}

/** A record's object, split. */
export interface RecordParts {
  /** The record's own frame; all bytes if they don't consist of such parts. */
  frame: Uint8Array<ArrayBuffer>;
  /** The contents of the inline segments' frames. */
  segmentFrames: Uint8Array<ArrayBuffer>[];
  /** `undefined`: the seal is absent or malformed. */
  seal: Seal | undefined;
}

/** The text that a signature covers. */
export function sealedText(objectKey: string, expiresMs: number, frame: Uint8Array): string {
  const sha256 = new Bun.CryptoHasher("sha256").update(frame).digest("hex");
  return JSON.stringify([`go-cache-plugin record ${VERSION}`, objectKey, expiresMs, sha256]);
}

/** What follows the last slash of an object key. */
export function sealName(objectKey: string): string {
  return objectKey.slice(objectKey.lastIndexOf("/") + 1);
}

/** The object key in this folder that a record claims to be signed for; ends with a slash if it is not signed. */
export function signedKeyIn(folder: string, bytes: Uint8Array<ArrayBuffer>): string {
  return `${folder}${splitParts(bytes).seal?.name ?? ""}`;
}

/** The object without a seal. */
export function formatParts(
  frame: Uint8Array<ArrayBuffer>,
  segmentFrames: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return Buffer.concat([frame, ...segmentFrames.flatMap((each) => [skippable(SEGMENT_MAGIC, each), each])]);
}

export function appendSeal(object: Uint8Array<ArrayBuffer>, seal: Seal): Uint8Array<ArrayBuffer> {
  const { name, key, expiresMs, signature } = seal;
  const content = Buffer.from(JSON.stringify({ seal: VERSION, name, key, expires: expiresMs, signature }));
  return Buffer.concat([object, skippable(SEAL_MAGIC, content), content]);
}

/** Never throws. Bytes that don't consist of the parts above stay in `frame` as a whole, so that parsing it fails. */
export function splitParts(bytes: Uint8Array<ArrayBuffer>): RecordParts {
  const whole = { frame: bytes, segmentFrames: [], seal: undefined };
  const length = frameLength(bytes);
  if (length === undefined || length >= bytes.length) return whole;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const segmentFrames: Uint8Array<ArrayBuffer>[] = [];
  let at = length;
  for (; isSkippable(view, at, SEGMENT_MAGIC); at = endOf(view, at)) {
    segmentFrames.push(bytes.subarray(at + HEADER_BYTES, endOf(view, at)));
  }
  const frame = bytes.subarray(0, length);
  if (at === bytes.length) return { frame, segmentFrames, seal: undefined };
  const isSealed = isSkippable(view, at, SEAL_MAGIC) && endOf(view, at) === bytes.length;
  if (!isSealed || bytes.length - at > HEADER_BYTES + MAX_SEAL_BYTES) return whole;
  return { frame, segmentFrames, seal: parseSeal(view.toString("utf8", at + HEADER_BYTES)) };
}

function skippable(magic: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(content.length, 4);
  return header;
}

function isSkippable(bytes: Buffer, at: number, magic: number): boolean {
  const hasHeader = at + HEADER_BYTES < bytes.length && bytes.readUInt32LE(at) === magic;
  return hasHeader && endOf(bytes, at) <= bytes.length;
}

function endOf(bytes: Buffer, at: number): number {
  return at + HEADER_BYTES + bytes.readUInt32LE(at + 4);
}

function parseSeal(text: string): Seal | undefined {
  try {
    const { seal, name, key, expires, signature } = JSON.parse(text) ?? {};
    const isText = [name, key, signature].every((each) => typeof each === "string");
    if (seal !== VERSION || !isText || name.includes("/") || !Number.isSafeInteger(expires)) return undefined;
    return { name, key, expiresMs: expires, signature };
  } catch {
    return undefined;
  }
}
