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

/** The fields that are for the other end, without those that `Connection` names. */
export function endToEnd(headers: HeaderList): HeaderList {
  return without(headers, [...HOP_BY_HOP, ...headerMembers(headers, "connection")]);
}
