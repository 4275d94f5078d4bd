/** How a 304, or the answer to a HEAD, updates a stored response (RFC 9111 §3.2, §4.3.4, §4.3.5). */
import { withoutCookies } from "./cookies.ts";
import { type HeaderList, headerValue, without } from "./header-list.ts";
import type { ResponseHead } from "./response-head.ts";

/** Fields that belong to the stored body, and stay with it. */
const BODY_FIELDS = [
  "content-encoding",
  "content-length",
  "content-md5",
  "content-range",
  "etag",
  "transfer-encoding",
];

/** The stored head with the answer's fields, except cookies, which are for one client. */
export function updatedHead(stored: ResponseHead, answer: ResponseHead): ResponseHead {
  const fresh = withoutCookies(without(answer.headers, BODY_FIELDS));
  const replaced = fresh.map(([name]) => name.toLowerCase());
  // The age is now the answer's, even if that has no such field.
  const kept = without(stored.headers, [...replaced, "age"]);
  return {
    status: stored.status,
    headers: [...kept, ...fresh],
    requestedMs: answer.requestedMs,
    receivedMs: answer.receivedMs,
  };
}

/** Whether the answer to a HEAD may describe the stored response. */
export function agrees(stored: HeaderList, answer: HeaderList): boolean {
  return ["etag", "last-modified", "content-length"].every((name) => {
    const [kept, given] = [headerValue(stored, name), headerValue(answer, name)];
    return given === undefined || kept === undefined || kept === given;
  });
}
