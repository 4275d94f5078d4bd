/**
 * How `--sign-key`, `--trust-key` and `--read-prefix` are read. A key is its text, or the name of a file that holds it.
 * No message quotes the value: it may be a secret key with a mistake in it, and messages go to build logs.
 */
import { readFileSync } from "node:fs";
import {
  hasSecret,
  isKeyText,
  type PublicKey,
  parsePublicKey,
  parseSecretKey,
  type SecretKey,
} from "../../lib/text/ed25519-text.ts";
import { UsageError } from "../usage-error.ts";
import { parsePrefix } from "./bucket-values.ts";
import { parseNames } from "./values.ts";

const MAX_KEY_CHARS = 4_096;

/** Empty: not set. */
export function parseSignKey(text: string, name: string): SecretKey | undefined {
  if (text === "") return undefined;
  const key = parseSecretKey(keyText(text, name));
  if (key === undefined) throw new UsageError(`${name}: not a secret key as "keygen" makes them`);
  return key;
}

/** Keys or files with commas between them. */
export function parseTrustKeys(text: string, name: string): PublicKey[] {
  return parseNames(text).map((item) => {
    const keyOrNot = keyText(item, name);
    if (hasSecret(keyOrNot))
      throw new UsageError(`${name}: that is a secret key; "keygen" made a public one with it`);
    const key = parsePublicKey(keyOrNot);
    if (key === undefined) throw new UsageError(`${name}: not a public key as "keygen" makes them`);
    return key;
  });
}

/** Prefixes with commas between them; "/" is the top of the bucket. */
export function parsePrefixes(text: string, name: string): string[] {
  return parseNames(text).map((item) => (item === "/" ? "" : parsePrefix(item, name)));
}

function keyText(text: string, name: string): string {
  const content = isKeyText(text) ? text : readText(text);
  if (content !== undefined) return content;
  throw new UsageError(`${name}: neither a key as "keygen" makes them nor a file that can be read`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").slice(0, MAX_KEY_CHARS);
  } catch {
    return undefined;
  }
}
