/** Whose records count, and how ours come to. */
import type { KeyObject } from "node:crypto";
import {
  type PublicKey,
  publicKeyDer,
  type SecretKey,
  secretKeyDer,
} from "../../../lib/text/ed25519-text.ts";
import { appendSeal, sealedText, splitSeal } from "./record-seal.ts";

/** What a reader holds of records. Without one, every record counts. */
export interface RecordCheck {
  /** Until when the record of these bytes counts at this object key. Throws when it does not. */
  check(objectKey: string, bytes: Uint8Array<ArrayBuffer>): number;
}

/** What is set where records are signed. */
export interface RecordTrust {
  check: RecordCheck;
  /** `undefined`: ours are not signed. */
  signer: RecordSigner | undefined;
}

/** Makes records that count. */
export interface RecordSigner {
  /** How long one counts. */
  readonly validMs: number;
  /** The record with a seal for this object key. */
  sign(objectKey: string, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

export function doesCount(check: RecordCheck, objectKey: string, bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    check.check(objectKey, bytes);
    return true;
  } catch {
    return false;
  }
}

/** Accepts what one of a few keys has signed. */
export class TrustedKeys implements RecordCheck {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #now: () => number;

  constructor(keys: readonly PublicKey[], now: () => number = Date.now) {
    this.#now = now;
    this.#keys = new Map(keys.map((key) => [nameOf(key), toKeyObject(key)]));
  }

  check(objectKey: string, bytes: Uint8Array<ArrayBuffer>): number {
    const { frame, seal } = splitSeal(bytes);
    if (seal === undefined) throw new Error("not signed");
    const key = this.#keys.get(seal.key);
    if (key === undefined) throw new Error("signed with a key that is not trusted");
    // Our own clock: who has written the bucket may have written its clock as well.
    if (seal.expiresMs <= this.#now()) throw new Error("its signature has expired");
    const text = Buffer.from(sealedText(objectKey, seal.expiresMs, frame));
    if (!crypto().verify(null, text, key, Buffer.from(seal.signature, "base64url"))) {
      throw new Error("changed since it was signed, or signed for another place");
    }
    return seal.expiresMs;
  }
}

export class SecretKeySigner implements RecordSigner {
  readonly validMs: number;
  readonly #name: string;
  readonly #key: KeyObject;
  readonly #now: () => number;

  /** Throws when the two halves of the key don't belong together: nobody would accept what it signs. */
  constructor(key: SecretKey, validMs: number, now: () => number = Date.now) {
    this.validMs = validMs;
    this.#now = now;
    this.#name = nameOf(key.publicKey);
    this.#key = crypto().createPrivateKey({ key: secretKeyDer(key.seed), format: "der", type: "pkcs8" });
    const half = crypto().createPublicKey(this.#key).export({ format: "der", type: "spki" });
    if (!half.equals(publicKeyDer(key.publicKey))) throw new Error("the two halves of the secret key differ");
  }

  sign(objectKey: string, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const expiresMs = this.#now() + this.validMs;
    const signature = crypto().sign(null, Buffer.from(sealedText(objectKey, expiresMs, frame)), this.#key);
    return appendSeal(frame, { key: this.#name, expiresMs, signature: signature.toString("base64url") });
  }
}

function nameOf(key: PublicKey): string {
  return Buffer.from(key).toString("base64url");
}

function toKeyObject(key: PublicKey): KeyObject {
  return crypto().createPublicKey({ key: publicKeyDer(key), format: "der", type: "spki" });
}

/** Only now: it takes longer to load than go waits for our first line. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
