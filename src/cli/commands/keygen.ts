/** `go-cache-plugin keygen [FILE]`: a secret key to sign with, and the public key to trust. */
import { generateKeyPairSync } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { formatPublicKey, formatSecretKey, type SecretKey } from "../../lib/text/ed25519-text.ts";
import { declareCommand } from "../command.ts";
import { writeStdout } from "../output.ts";

const KEY_BYTES = 32;

/** Prints both as variables. With FILE the secret key goes there, readable by its owner alone, and is not printed. */
export const keygenCommand = declareCommand({
  meta: {
    name: "keygen",
    group: "maintain",
    description: "generate a key pair for --sign-key and --trust-key; the secret key goes to FILE",
  },
  args: { file: { type: "positional", required: false } },
  examples: ["go-cache-plugin keygen ci.key", "go-cache-plugin keygen"],
  ignoresCacheprog: true,
  run: ({ args: { file } }) => {
    const key = makeKey();
    if (file !== undefined) writeSecret(file, formatSecretKey(key));
    else writeStdout(`GOCACHE_SIGN_KEY=${formatSecretKey(key)}\n`);
    writeStdout(`GOCACHE_TRUST_KEYS=${formatPublicKey(key.publicKey)}\n`);
    return 0;
  },
});

function makeKey(): SecretKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-KEY_BYTES);
  return { seed, publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-KEY_BYTES) };
}

/** Never overwrites a file: it may be the only copy of another key. */
function writeSecret(path: string, text: string): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    writeSync(fd, `${text}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
