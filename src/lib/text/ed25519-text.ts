/**
 * Ed25519 keys as text, on one line so that a variable can hold them:
 *
 *     gocache-public:<32 bytes in base64url>
 *     gocache-secret:<the 32 bytes of the seed, then those of the public key>
 *
 * PEM, as `openssl genpkey -algorithm ed25519` writes it, is read as well. Nothing here needs `node:crypto`: its
 * loading takes longer than go waits for our first line; only the public half of a secret key in PEM does.
 */

/** The raw bytes of a public key. */
export type PublicKey = Uint8Array;

export interface SecretKey {
  seed: Uint8Array;
  publicKey: PublicKey;
}

const PUBLIC_LABEL = "gocache-public:";
const SECRET_LABEL = "gocache-secret:";
const KEY_BYTES = 32;
/** The prefix of a key's bytes in DER (RFC 8410). */
const PUBLIC_DER = Buffer.from("302a300506032b6570032100", "hex");
const SECRET_DER = Buffer.from("302e020100300506032b657004220420", "hex");

export function formatPublicKey(key: PublicKey): string {
  return PUBLIC_LABEL + Buffer.from(key).toString("base64url");
}

export function formatSecretKey({ seed, publicKey }: SecretKey): string {
  return SECRET_LABEL + Buffer.concat([seed, publicKey]).toString("base64url");
}

/** Whether this is the text of some key, right or wrong, and not the name of a file. */
export function isKeyText(text: string): boolean {
  return /^\s*(gocache-(public|secret):|-----BEGIN )/.test(text);
}

/** Whether a secret key is in it. */
export function hasSecret(text: string): boolean {
  return text.includes(SECRET_LABEL) || /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
}

/**
 * The 64 bytes of a secret key in base64url, whatever is before them: 86 characters, and the last one has only two bits
 * to carry.
 */
const SECRET_BYTES = /(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{85}[AQgw](?![\w-])/g;

/** The text with `***` in place of each secret key, of whatever kind in PEM. */
export function hideSecretKeys(text: string): string {
  return text
    .replaceAll(SECRET_BYTES, "***")
    .replaceAll(/gocache-secret:\s*[^\s"']*/g, "gocache-secret:***")
    .replaceAll(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|$)/gs, "$1 ***");
}

/** `undefined` for anything else. */
export function parsePublicKey(text: string): PublicKey | undefined {
  return labelled(text, PUBLIC_LABEL, KEY_BYTES) ?? fromPem(text, "PUBLIC KEY", PUBLIC_DER);
}

/** `undefined` for anything else. */
export function parseSecretKey(text: string): SecretKey | undefined {
  const both = labelled(text, SECRET_LABEL, 2 * KEY_BYTES);
  if (both !== undefined) return { seed: both.subarray(0, KEY_BYTES), publicKey: both.subarray(KEY_BYTES) };
  const seed = fromPem(text, "PRIVATE KEY", SECRET_DER);
  return seed && { seed, publicKey: publicKeyOf(seed) };
}

/** The keys as `node:crypto` reads them. */
export function publicKeyDer(key: PublicKey): Buffer {
  return Buffer.concat([PUBLIC_DER, key]);
}

export function secretKeyDer(seed: Uint8Array): Buffer {
  return Buffer.concat([SECRET_DER, seed]);
}

function publicKeyOf(seed: Uint8Array): PublicKey {
  const crypto = process.getBuiltinModule("node:crypto");
  const secret = crypto.createPrivateKey({ key: secretKeyDer(seed), format: "der", type: "pkcs8" });
  return crypto.createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-KEY_BYTES);
}

function labelled(text: string, label: string, length: number): Uint8Array | undefined {
  const line = text.trim();
  if (!line.startsWith(label) || !/^[\w-]+$/.test(line.slice(label.length))) return undefined;
  const bytes = Buffer.from(line.slice(label.length), "base64url");
  return bytes.length === length ? bytes : undefined;
}

function fromPem(text: string, name: string, start: Buffer): Uint8Array | undefined {
  const body = new RegExp(`^\\s*-----BEGIN ${name}-----([A-Za-z0-9+/=\\s]+)-----END ${name}-----\\s*$`).exec(
    text,
  );
  const der = Buffer.from(body?.[1] ?? "", "base64");
  const isKey = der.length === start.length + KEY_BYTES && der.subarray(0, start.length).equals(start);
  return isKey ? der.subarray(start.length) : undefined;
}
