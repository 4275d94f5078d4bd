import { type HeaderList, headerMembers, without } from "./header-list.ts";

/** What is said to the next program on the way, and never sent on (RFC 9110 §7.6.1). */
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
 * Fields that every recipient needs, so `Connection` must not name them (RFC 9110 §7.6.1). A program that removes one
 * reads the message differently from one that does not: where its body ends, who gets it, or whether it may be stored.
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

/** The fields that are for the other end, without those that `Connection` names and may name. */
export function endToEnd(headers: HeaderList): HeaderList {
  const named = headerMembers(headers, "connection").filter((name) => !FOR_ALL_RECIPIENTS.has(name));
  return without(headers, [...HOP_BY_HOP, ...named]);
}

/** The first field that `Connection` names although every recipient needs it. */
export function wronglyNamed(headers: HeaderList): string | undefined {
  return headerMembers(headers, "connection").find((name) => FOR_ALL_RECIPIENTS.has(name));
}
