import { type RecordTrust, SecretKeySigner, TrustedKeys } from "../../remote/packed/format/record-trust.ts";
import type { RemoteConfig } from "../config.ts";

/** Which records count, and how ours are signed; `undefined`: no keys are set. */
export function openTrust({ trust }: RemoteConfig): RecordTrust | undefined {
  if (trust === undefined) return undefined;
  const { keys, signKey, signForMs } = trust;
  const signer = signKey && new SecretKeySigner(signKey, signForMs);
  return { check: new TrustedKeys(keys), signer };
}
