/**
 * Secrets in text that is printed: secret keys, and the passwords, tokens and signatures that URLs carry. Every error,
 * log line and setting passes through here, because the text may come from elsewhere: another server, another library,
 * somebody's GOPROXY.
 */
import { hideSecretKeys } from "./ed25519-text.ts";

/** `://user:password@host`. The user alone may be a token; `git@` is the one that is the same for everybody. */
const USER_INFO = /:\/\/(?!git@)[^\s/?#]*@/g;

/** The same where the password has a character that a URL can't have there. What looks like a port is one. */
const BROKEN_USER_INFO = /:\/\/[^\s/?#:@[]*:(?!\d+(?:[/?#]|$))\S*@/g;

/** `?X-Amz-Signature=…`, `&access_token=…`. */
const QUERY =
  /([?&](?:[\w.-]*(?:signature|token|secret|password|credential|api[_-]?key)[\w.-]*|sig|key)=)[^\s&#"']+/gi;

/** The text with `***` in place of each secret. */
export function hideSecrets(text: string): string {
  return hideSecretKeys(text)
    .replaceAll(USER_INFO, "://***@")
    .replaceAll(BROKEN_USER_INFO, "://***@")
    .replaceAll(QUERY, "$1***");
}

/**
 * Whether `hideSecrets` finds one. Such a value of an option, whichever it is, is taken from the environment alone, for
 * everybody on the machine can read a command line, and is never printed.
 */
export function holdsSecret(text: string): boolean {
  return hideSecrets(text) !== text;
}
