import { createPrivateKey, createPublicKey } from "node:crypto";
import { type SecretKey, secretKeyDer } from "../../src/lib/text/ed25519-text.ts";

/** The same key in every run, so that an input which once broke a promise can be tried again. */
export function fixedKey(name: string): SecretKey {
  const seed = new Bun.CryptoHasher("sha256").update(`fuzz ${name}`).digest();
  const secret = createPrivateKey({ key: secretKeyDer(seed), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  return { seed, publicKey };
}
