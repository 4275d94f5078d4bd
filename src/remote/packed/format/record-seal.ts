/**
 * The seal of a signed record: a skippable zstd frame after the record's own frame, which `zstd -dc` ignores. Its
 * content is text,
 *
 *     {"seal":1,"key":"<public key, base64url>","expires":<ms since 1970>,"signature":"<base64url>"}
 *
 * The signature (Ed25519) covers `["go-cache-plugin record 1","<object key>",<expires>,"<SHA-256 of the record's own
 * frame, hex>"]`, so a record is valid only at its own object key and only until it expires.
 */
import { frameLength } from "../../../lib/bytes/zstd.ts";

/** The first of the sixteen magic numbers of skippable frames (RFC 8878, 3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
const HEADER_BYTES = 8;
const MAX_SEAL_BYTES = 1_024;
const VERSION = 1;

export interface Seal {
  /** The claimed signer: the raw public key, base64url. */
  key: string;
  expiresMs: number;
  /** base64url. */
  signature: string;
}

/** A record split into its frame and its seal. */
export interface SealedBytes {
  /** The record's own frame; all bytes if they are not one frame, with or without a seal. */
  frame: Uint8Array<ArrayBuffer>;
  /** `undefined`: the seal is absent or malformed. */
  seal: Seal | undefined;
}

/** The text that a signature covers. */
export function sealedText(objectKey: string, expiresMs: number, frame: Uint8Array): string {
  const sha256 = new Bun.CryptoHasher("sha256").update(frame).digest("hex");
  return JSON.stringify([`go-cache-plugin record ${VERSION}`, objectKey, expiresMs, sha256]);
}

export function appendSeal(frame: Uint8Array<ArrayBuffer>, seal: Seal): Uint8Array<ArrayBuffer> {
  const { key, expiresMs, signature } = seal;
  const content = Buffer.from(JSON.stringify({ seal: VERSION, key, expires: expiresMs, signature }));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([frame, header, content]);
}

/** Never throws. Trailing bytes that are not a complete seal stay in `frame`, so that parsing it fails. */
export function splitSeal(bytes: Uint8Array<ArrayBuffer>): SealedBytes {
  const length = frameLength(bytes);
  if (length === undefined || length >= bytes.length) return { frame: bytes, seal: undefined };
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + length, bytes.length - length);
  const isWhole =
    rest.length > HEADER_BYTES &&
    rest.length <= HEADER_BYTES + MAX_SEAL_BYTES &&
    rest.readUInt32LE(0) === SKIPPABLE_MAGIC &&
    rest.readUInt32LE(4) === rest.length - HEADER_BYTES;
  if (!isWhole) return { frame: bytes, seal: undefined };
  return { frame: bytes.subarray(0, length), seal: parseSeal(rest.toString("utf8", HEADER_BYTES)) };
}

function parseSeal(text: string): Seal | undefined {
  try {
    const { seal, key, expires, signature } = JSON.parse(text) ?? {};
    const isValid = seal === VERSION && typeof key === "string" && typeof signature === "string";
    return isValid && Number.isSafeInteger(expires) ? { key, expiresMs: expires, signature } : undefined;
  } catch {
    return undefined;
  }
}
