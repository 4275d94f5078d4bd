/** How long a response is fresh in a shared cache, and how old it is (RFC 9111 §4.2). */
import { CacheControl, MAX_SECONDS } from "./cache-control.ts";
import { headerValue, headerValues } from "./header-list.ts";
import { parseHttpDate } from "./http-date.ts";
import type { ResponseHead } from "./response-head.ts";

const DAY_S = 86_400;

/** For `immutable` without a lifetime. */
const IMMUTABLE_S = 365 * DAY_S;

/** A wrong heuristic must not last long. */
const MAX_HEURISTIC_S = DAY_S;
const HEURISTIC_FRACTION = 0.1;

/** Statuses that are heuristically cacheable (RFC 9110 §15.1). */
const HEURISTIC_STATUSES = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/** The freshness lifetime in seconds that the response states; `undefined`: it states none. */
export function explicitLifetime({ headers, receivedMs }: ResponseHead): number | undefined {
  const control = CacheControl.of(headers);
  const stated = control.seconds("s-maxage") ?? control.seconds("max-age");
  if (stated !== undefined) return stated;
  const [expires] = headerValues(headers, "expires");
  if (expires === undefined) return control.has("immutable") ? IMMUTABLE_S : undefined;
  const expiresMs = parseHttpDate(expires);
  // "Expires: 0" and the like mean expired.
  if (expiresMs === undefined) return 0;
  const dateMs = parseHttpDate(headerValue(headers, "date")) ?? receivedMs;
  return Math.max(0, (expiresMs - dateMs) / 1000);
}

/** The same, or a heuristic lifetime from Last-Modified; 0 when there is neither. */
export function lifetime(head: ResponseHead): number {
  const explicit = explicitLifetime(head);
  if (explicit !== undefined) return explicit;
  const { status, headers, receivedMs } = head;
  const isGuessable = HEURISTIC_STATUSES.includes(status) || CacheControl.of(headers).has("public");
  const modifiedMs = parseHttpDate(headerValue(headers, "last-modified"));
  if (!isGuessable || modifiedMs === undefined) return 0;
  const dateMs = parseHttpDate(headerValue(headers, "date")) ?? receivedMs;
  const sinceS = Math.max(0, (dateMs - modifiedMs) / 1000);
  return Math.min(sinceS * HEURISTIC_FRACTION, MAX_HEURISTIC_S);
}

/** Seconds since the origin made or validated the response; `undefined` when its Age is no number. */
export function ageOf(head: ResponseHead, nowMs: number): number | undefined {
  const given = headerValue(head.headers, "age");
  if (given !== undefined && !/^\d+$/.test(given.trim())) return undefined;
  const dateMs = parseHttpDate(headerValue(head.headers, "date")) ?? head.receivedMs;
  const apparent = Math.max(0, head.receivedMs - dateMs);
  const givenS = Math.min(Number(given ?? 0), MAX_SECONDS);
  const corrected = givenS * 1000 + (head.receivedMs - head.requestedMs);
  return (Math.max(apparent, corrected) + (nowMs - head.receivedMs)) / 1000;
}
