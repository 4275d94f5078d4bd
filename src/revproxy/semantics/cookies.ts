/** Cookies that a response sets are for the client that it answers, and never shared (RFC 6265 §3). */
import { type HeaderList, without } from "./header-list.ts";

const NAME = "set-cookie";

/** The fields that set cookies. */
export function cookiesOf(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name.toLowerCase() === NAME);
}

/** The fields that may be stored, or sent to other clients. */
export function withoutCookies(headers: HeaderList): HeaderList {
  return without(headers, [NAME]);
}
