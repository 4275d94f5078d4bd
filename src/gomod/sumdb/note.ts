/**
 * Signed notes (golang.org/x/mod/sumdb/note): a text, an empty line, and lines `— <name> <base64 of key hash and
 * Ed25519 signature>`. A database signs the head of its tree:
 *
 *     go.sum database tree
 *     <number of records>
 *     <base64 of the root's hash>
 */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { InvalidFileError } from "../invalid-file-error.ts";

/** The public key of a database. */
export interface Verifier {
  name: string;
  keyHash: number;
  key: KeyObject;
}

/** The head of a tree: the number of its records and their hash. */
export interface TreeHead {
  size: number;
  root: Buffer;
  /** The signed note; if a signature was checked, with that one alone. */
  note: string;
}

/** The prefix of an Ed25519 key in the format that node:crypto reads (RFC 8410). */
const SPKI_START = Buffer.from("302a300506032b6570032100", "hex");
const MAX_NOTE_BYTES = 1_000_000;
const KEY_HASH_BYTES = 4;
const SIGNATURE_BYTES = KEY_HASH_BYTES + 64;

/** `text`: `<name>+<hash>+<base64>`, as in GOSUMDB. Throws for anything else. */
export function parseVerifier(text: string): Verifier {
  const [, name = "", hash = "", base64 = ""] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = Buffer.from(base64, "base64");
  const found = new Bun.CryptoHasher("sha256").update(`${name}\n`).update(bytes).digest().subarray(0, 4);
  if (name === "" || bytes[0] !== 1 || bytes.length !== 33 || Buffer.from(found).toString("hex") !== hash) {
    throw new Error(`not a key of a checksum database: ${quoteValue(text)}`);
  }
  const key = createPublicKey({
    key: Buffer.concat([SPKI_START, bytes.subarray(1)]),
    format: "der",
    type: "spki",
  });
  return { name, keyHash: Number.parseInt(hash, 16), key };
}

/**
 * The head of the tree in a note. Throws an `InvalidFileError` for a malformed note, and with a verifier also for one
 * without its valid signature.
 */
export function openTreeHead(note: string, verifier: Verifier | undefined): TreeHead {
  if (note.length > MAX_NOTE_BYTES) throw new InvalidFileError("note is too long");
  const end = note.lastIndexOf("\n\n");
  if (end === -1 || !note.endsWith("\n")) throw new InvalidFileError("no signed note");
  const text = note.slice(0, end + 1);
  const checked =
    verifier === undefined ? note : `${text}\n${validSignature(text, note.slice(end + 2), verifier)}\n`;
  const [title, digits = "", base64 = ""] = text.split("\n");
  const size = /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN;
  const root = Buffer.from(base64, "base64");
  if (title !== "go.sum database tree" || !Number.isSafeInteger(size) || root.length !== 32) {
    throw new InvalidFileError("note is no head of a checksum database");
  }
  return { size, root, note: checked };
}

/** The line of the verifier's signature, as go writes it. Throws if there is none, or it is wrong. */
function validSignature(text: string, signatures: string, verifier: Verifier): string {
  for (const line of signatures.split("\n")) {
    const bytes = signatureIn(line, verifier);
    if (bytes === undefined) continue;
    // Only the first of a key's signatures counts, as in go: a note may have thousands, and each check hashes the text.
    if (!verify(null, Buffer.from(text), verifier.key, bytes.subarray(KEY_HASH_BYTES))) break;
    return `— ${verifier.name} ${bytes.toString("base64")}`;
  }
  throw new InvalidFileError(`note without a valid signature of ${verifier.name}`);
}

/** The hash of the key and the signature; `undefined`: not a signature of this key. */
function signatureIn(line: string, { name, keyHash }: Verifier): Buffer | undefined {
  const [, signer, base64 = ""] = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = Buffer.from(base64, "base64");
  const isOfKey = signer === name && bytes.length === SIGNATURE_BYTES && bytes.readUInt32BE(0) === keyHash;
  return isOfKey ? bytes : undefined;
}
