/**
 * Secrets in text that is printed: secret keys, and the passwords, tokens and signatures that URLs carry. Every error,
 * log line and setting passes through here, because the text may come from elsewhere: another server, another library,
 * somebody's GOPROXY.
 */
import { hideSecretKeys } from "./ed25519-text.ts";

/** `://user:password@host`. The user alone may be a token; `git@` is the one that is the same for everybody. */
const USER_INFO = /:\/\/(?!git@)[^\s/?#]*@/g;

/** The same, with a character in the password that URLs don't allow. Digits count as a port. */
const BROKEN_USER_INFO = /:\/\/[^\s/?#:@[]*:(?!\d+(?:[/?#]|$))\S*@/g;

/** `?X-Amz-Signature=…`, `&access_token=…`. */
const QUERY =
  /([?&](?:[\w.-]*(?:signature|token|secret|password|credential|api[_-]?key)[\w.-]*|sig|key)=)[^\s&#"']+/gi;

/**
 * The parts of a value before an `@` that are no password: scheme and host of a URL, a drive, what is hidden already.
 */
const NO_PASSWORD =
  /^[a-z]:[\\/]|\b[a-z][\w+.-]*:\/\/(?:git@|\*{3}@)?(?:\[[\da-f:.]+\]|[^\s/?#:@,|]*)(?=[:/?#]|$|[,|]\s*(?:[a-z]+:\/\/|direct|off))/gi;

/** A password in what is no URL, or not a well-formed one: `user:password@host`, `http://user:pass word@host`. */
const PASSWORD_IN_VALUE = /:.*@/s;

/** The text with `***` in place of each secret. */
export function hideSecrets(text: string): string {
  return hideSecretKeys(text)
    .replaceAll(USER_INFO, "://***@")
    .replaceAll(BROKEN_USER_INFO, "://***@")
    .replaceAll(QUERY, "$1***");
}

/**
 * Whether the value of an option, whichever it is, holds a secret or may hold one. Such a value is accepted only from
 * the environment, because everybody on the machine can read a command line, and is never printed. This is stricter
 * than `hideSecrets`: in a sentence, a colon and an `@` mean nothing.
 */
export function holdsSecret(value: string): boolean {
  return hideSecrets(value) !== value || PASSWORD_IN_VALUE.test(value.replaceAll(NO_PASSWORD, ""));
}

/** The value in quotes for a message, or `"***"` when it may hold a secret. */
export function quoteValue(value: string): string {
  return JSON.stringify(holdsSecret(value) ? "***" : value);
}

/** The same for an entry of a list: its end may be a comma in a password, so the whole list is looked at. */
export function quoteEntry(entry: string, list: readonly string[]): string {
  return JSON.stringify(holdsSecret(list.join(",")) ? "***" : entry);
}
