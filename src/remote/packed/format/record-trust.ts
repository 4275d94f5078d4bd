/** Checks and makes the signatures of records. */
import type { KeyObject } from "node:crypto";
import {
  type PublicKey,
  publicKeyDer,
  type SecretKey,
  secretKeyDer,
} from "../../../lib/text/ed25519-text.ts";
import { appendSeal, sealedText, sealName, splitParts } from "./record-parts.ts";

/** Decides whether a reader accepts a record. A reader without a check accepts every record. */
export interface RecordCheck {
  /** Returns the expiry of the record (ms since 1970). Throws if the record is not valid at this object key. */
  check(objectKey: string, bytes: Uint8Array<ArrayBuffer>): number;
}

/** The settings of a bucket with signed records. */
export interface RecordTrust {
  check: RecordCheck;
  /** `undefined`: this process writes unsigned records. */
  signer: RecordSigner | undefined;
}

/** Signs records. */
export interface RecordSigner {
  /** How long a signature is valid. */
  readonly validMs: number;
  /** Returns the record with a seal for this object key. */
  sign(objectKey: string, object: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

export function isAccepted(check: RecordCheck, objectKey: string, bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    check.check(objectKey, bytes);
    return true;
  } catch {
    return false;
  }
}

/** Accepts records that any of the given keys has signed. */
export class TrustedKeys implements RecordCheck {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #now: () => number;

  constructor(keys: readonly PublicKey[], now: () => number = Date.now) {
    this.#now = now;
    this.#keys = new Map(keys.map((key) => [nameOf(key), toKeyObject(key)]));
  }

  check(objectKey: string, bytes: Uint8Array<ArrayBuffer>): number {
    const { frame, seal } = splitParts(bytes);
    if (seal === undefined) throw new Error("not signed");
    const key = this.#keys.get(seal.key);
    if (key === undefined) throw new Error("signed with a key that is not trusted");
    // Uses the local clock: an attacker who can write to the bucket may control its clock, too.
    if (seal.expiresMs <= this.#now()) throw new Error("its signature has expired");
    const text = Buffer.from(sealedText(objectKey, seal.expiresMs, frame));
    const signature = Buffer.from(seal.signature, "base64url");
    if (seal.name !== sealName(objectKey) || !crypto().verify(null, text, key, signature)) {
      throw new Error("changed since it was signed, or signed for another object key");
    }
    return seal.expiresMs;
  }
}

export class SecretKeySigner implements RecordSigner {
  readonly validMs: number;
  readonly #name: string;
  readonly #key: KeyObject;
  readonly #now: () => number;

  /** Throws if the two halves of the key don't match: every reader would reject its signatures. */
  constructor(key: SecretKey, validMs: number, now: () => number = Date.now) {
    this.validMs = validMs;
    this.#now = now;
    this.#name = nameOf(key.publicKey);
    this.#key = crypto().createPrivateKey({ key: secretKeyDer(key.seed), format: "der", type: "pkcs8" });
    const half = crypto().createPublicKey(this.#key).export({ format: "der", type: "spki" });
    if (!half.equals(publicKeyDer(key.publicKey))) throw new Error("the two halves of the secret key differ");
  }

  sign(objectKey: string, object: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { frame } = splitParts(object);
    const expiresMs = this.#now() + this.validMs;
    const signature = crypto().sign(null, Buffer.from(sealedText(objectKey, expiresMs, frame)), this.#key);
    return appendSeal(object, {
      name: sealName(objectKey),
      key: this.#name,
      expiresMs,
      signature: signature.toString("base64url"),
    });
  }
}

function nameOf(key: PublicKey): string {
  return Buffer.from(key).toString("base64url");
}

function toKeyObject(key: PublicKey): KeyObject {
  return crypto().createPublicKey({ key: publicKeyDer(key), format: "der", type: "spki" });
}

/** Loads node:crypto on first use: loading it at start would delay the first answer to go. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
