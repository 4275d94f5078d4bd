/** What a response asks the client that it is for to remember; nobody else's business (RFC 6265 §3). */
import { type HeaderList, without } from "./header-list.ts";

const NAME = "set-cookie";

/** The fields that set cookies. */
export function cookiesOf(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name.toLowerCase() === NAME);
}

/** What may be kept of a response, or told somebody else. */
export function withoutCookies(headers: HeaderList): HeaderList {
  return without(headers, [NAME]);
}
