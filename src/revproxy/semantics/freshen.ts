/** What a 304, or the answer to a HEAD, changes of a stored response (RFC 9111 §3.2, §4.3.4, §4.3.5). */
import { withoutCookies } from "./cookies.ts";
import { type HeaderList, headerValue, without } from "./header-list.ts";
import type { ResponseHead } from "./response-head.ts";

/** What belongs to the stored body, and stays with it. */
const OF_THE_BODY = [
  "content-encoding",
  "content-length",
  "content-md5",
  "content-range",
  "etag",
  "transfer-encoding",
];

/** The stored head with what the answer says anew; its cookies are for the client that it answers alone. */
export function freshened(stored: ResponseHead, answer: ResponseHead): ResponseHead {
  const news = withoutCookies(without(answer.headers, OF_THE_BODY));
  const replaced = news.map(([name]) => name.toLowerCase());
  // Its age is that of the answer: a field that is gone must not make it old again.
  const kept = without(stored.headers, [...replaced, "age"]);
  return {
    status: stored.status,
    headers: [...kept, ...news],
    requestedMs: answer.requestedMs,
    receivedMs: answer.receivedMs,
  };
}

/** Whether the answer to a HEAD can be about the stored response. */
export function agrees(stored: HeaderList, answer: HeaderList): boolean {
  return ["etag", "last-modified", "content-length"].every((name) => {
    const [kept, given] = [headerValue(stored, name), headerValue(answer, name)];
    return given === undefined || kept === undefined || kept === given;
  });
}
