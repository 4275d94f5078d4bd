/** Ids in the protocol and in file names. */

/** SHA-256 as the protocol writes ids. */
export function sha256Base64(body: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("base64");
}

/** SHA-256 in the form of file names and keys. */
export function sha256Hex(body: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("hex");
}

/** A 32-byte id made from any text, in base64. */
export function idOf(text: string): string {
  return sha256Base64(text);
}

/** The hex form of a base64 id. */
export function hexOf(id: string): string {
  return Buffer.from(id, "base64").toString("hex");
}
