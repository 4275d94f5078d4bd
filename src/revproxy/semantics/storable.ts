/** Which responses a shared cache stores (RFC 9111 §3); a little stricter than the RFC. */
import { CacheControl } from "./cache-control.ts";
import { cookiesOf } from "./cookies.ts";
import { explicitLifetime, lifetime } from "./freshness.ts";
import { type HeaderList, hasHeader } from "./header-list.ts";
import type { ResponseHead } from "./response-head.ts";
import { isForEverybody, mayShare } from "./shared.ts";
import { varyNames } from "./vary.ts";

/** A shorter lifetime is not worth a file and an upload. */
const LONG_LIVED_S = 3600;

/** Partial and validating answers are no whole responses. */
const UNSTORABLE_STATUSES = [206, 304];

/** Statuses with caching rules that are implemented here, for `must-understand`. */
const UNDERSTOOD = [
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504,
];

/** `long`: on the disk and in the object store; `short`: in memory, or on this disk if it is large. */
export type Retention = "long" | "short";

/** How a response to a GET is stored, without its cookies; `undefined`: not at all. */
export function retentionOf(
  request: HeaderList,
  response: ResponseHead,
  nowMs: number,
): Retention | undefined {
  if (!mayStore(request, response)) return undefined;
  const control = CacheControl.of(response.headers);
  const explicit = explicitLifetime(response);
  const ageS = (nowMs - response.receivedMs) / 1000;
  const isLong =
    response.status === 200 && !control.has("no-cache") && (explicit ?? 0) - ageS >= LONG_LIVED_S;
  if (isLong) return "long";
  // Without a lifetime and a validator it would never be used.
  return lifetime(response) > 0 || hasValidator(response.headers) ? "short" : undefined;
}

function mayStore(request: HeaderList, response: ResponseHead): boolean {
  const { status, headers } = response;
  const control = CacheControl.of(headers);
  if (CacheControl.of(request).has("no-store") || forbidsStoring(response)) return false;
  if (status < 200 || UNSTORABLE_STATUSES.includes(status)) return false;
  if (control.has("must-understand") && !UNDERSTOOD.includes(status)) return false;
  if (cookiesOf(headers).length > 0 && !isForEverybody(control)) return false;
  if (varyNames(headers) === "*") return false;
  return mayShare(request, headers);
}

/** Whether the origin forbids shared caches to store it. */
export function forbidsStoring({ headers }: ResponseHead): boolean {
  const control = CacheControl.of(headers);
  return control.has("no-store") || control.has("private");
}

function hasValidator(headers: HeaderList): boolean {
  return hasHeader(headers, "etag") || hasHeader(headers, "last-modified");
}
