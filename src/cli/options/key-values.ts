/**
 * Parsers of `--sign-key`, `--trust-key` and `--read-prefix`. A key is its text, or the name of a file that contains it.
 * No message quotes the value: it may be a secret key with a typo, and messages go to build logs.
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
  if (key === undefined) throw new UsageError(`${name}: not a secret key of "keygen"`);
  return key;
}

/** Comma-separated keys or files. */
export function parseTrustKeys(text: string, name: string): PublicKey[] {
  return parseNames(text).map((item) => {
    const keyOrNot = keyText(item, name);
    if (hasSecret(keyOrNot))
      throw new UsageError(`${name}: this is a secret key; use the public key that "keygen" printed`);
    const key = parsePublicKey(keyOrNot);
    if (key === undefined) throw new UsageError(`${name}: not a public key of "keygen"`);
    return key;
  });
}

/** Comma-separated prefixes; "/" is the top of the bucket. */
export function parsePrefixes(text: string, name: string): string[] {
  return parseNames(text).map((item) => (item === "/" ? "" : parsePrefix(item, name)));
}

function keyText(text: string, name: string): string {
  const content = isKeyText(text) ? text : readText(text);
  if (content !== undefined) return content;
  throw new UsageError(`${name}: neither a key of "keygen" nor a readable file`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").slice(0, MAX_KEY_CHARS);
  } catch {
    return undefined;
  }
}
