/** Keys to sign with and to trust. */
import { generateKeyPairSync } from "node:crypto";
import type { SecretKey } from "../../../src/lib/text/ed25519-text.ts";
import {
  type RecordTrust,
  SecretKeySigner,
  TrustedKeys,
} from "../../../src/remote/packed/format/record-trust.ts";

export const DAY_MS = 24 * 3_600_000;

export function makeKey(): SecretKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    seed: privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32),
    publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-32),
  };
}

/** `now`: the clock of both. */
export function trustOf(
  key: SecretKey,
  now: () => number = Date.now,
): Required<RecordTrust> & { signer: SecretKeySigner } {
  return { check: new TrustedKeys([key.publicKey], now), signer: new SecretKeySigner(key, DAY_MS, now) };
}
