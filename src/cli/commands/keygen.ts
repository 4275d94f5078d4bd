/** `go-cache-plugin keygen [FILE]`: a key to sign with, and the one that others trust it by. */
import { generateKeyPairSync } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { defineCommand } from "citty";
import { formatPublicKey, formatSecretKey, type SecretKey } from "../../lib/text/ed25519-text.ts";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";

const KEY_BYTES = 32;

/** Prints both as variables; with FILE the secret one goes there, for its owner alone, and only the other is printed. */
export function keygenCommand(call: Call) {
  return defineCommand({
    meta: { name: "keygen", description: "Make a pair of keys" },
    args: { file: { type: "positional", required: false } },
    run: ({ args }) => {
      const key = makeKey();
      if (args.file !== undefined) writeSecret(args.file, formatSecretKey(key));
      else writeStdout(`GOCACHE_SIGN_KEY=${formatSecretKey(key)}\n`);
      writeStdout(`GOCACHE_TRUST_KEYS=${formatPublicKey(key.publicKey)}\n`);
      call.exitCode = 0;
    },
  });
}

function makeKey(): SecretKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-KEY_BYTES);
  return { seed, publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-KEY_BYTES) };
}

/** A file that is there already may be the only copy of another key. */
function writeSecret(path: string, text: string): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    writeSync(fd, `${text}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
