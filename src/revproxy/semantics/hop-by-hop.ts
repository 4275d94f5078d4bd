import { type HeaderList, headerMembers, without } from "./header-list.ts";

/** Fields for the next hop only, which are never forwarded (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/**
 * Fields for all recipients, so `Connection` must not name them (RFC 9110 §7.6.1). A program that removes one
 * understands the message differently from one that does not: its end, its recipient, or whether it may be stored.
 */
const FOR_ALL_RECIPIENTS: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "host",
  "set-cookie",
  "transfer-encoding",
  "vary",
  "via",
]);

/** End-to-end fields: without hop-by-hop ones and those that `Connection` may name and does. */
export function endToEnd(headers: HeaderList): HeaderList {
  const named = headerMembers(headers, "connection").filter((name) => !FOR_ALL_RECIPIENTS.has(name));
  return without(headers, [...HOP_BY_HOP, ...named]);
}

/** The first field that `Connection` names and must not. */
export function forbiddenOption(headers: HeaderList): string | undefined {
  return headerMembers(headers, "connection").find((name) => FOR_ALL_RECIPIENTS.has(name));
}
