/**
 * Request fields that don't identify the client, and that origins name in `Vary` if they choose answers by them. A
 * request with any other field is personal: there is no end to the names of tokens (`X-Vault-Token`, `X-Goog-Api-Key`)
 * and of fields that poison caches (`X-Forwarded-Host`, `X-Original-URL`), so this list has the harmless ones.
 */
const HARMLESS: readonly (readonly [reason: string, names: string])[] = [
  ["HTTP itself", "host connection date via content-length content-type expect te trailer"],
  ["negotiation", "accept accept-charset accept-datetime accept-encoding accept-language user-agent"],
  ["caching and parts", "cache-control pragma range if-range"],
  ["conditions", "if-match if-none-match if-modified-since if-unmodified-since"],
  ["browsers' preferences, and statistics", "dnt from priority purpose referer save-data"],
  ["the same", "upgrade-insecure-requests sec-gpc sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform"],
  ["the same", "sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user"],
  ["names of requests, for logs", "x-amzn-trace-id x-cloud-trace-context x-correlation-id x-request-id"],
  ["the same", "traceparent tracestate"],
  ["git and cargo: the version of the protocol", "git-protocol cargo-protocol"],
  ["npm, pnpm, yarn: the command", "npm-auth-type npm-command npm-in-ci npm-scope npm-session"],
  ["the same", "pacote-integrity pacote-pkg-id pacote-req-type pacote-version"],
  ["bundler: its source", "x-gemfile-source"],
  ["NuGet: its version", "x-nuget-client-version x-nuget-protocol-version x-nuget-session-id"],
  ["http-cache-tests: its book-keeping", "test-id test-name req-num"],
];

const NAMES: ReadonlySet<string> = new Set(HARMLESS.flatMap(([, names]) => names.split(" ")));

/** `name` is in lower case. */
export function isHarmless(name: string): boolean {
  return NAMES.has(name);
}
