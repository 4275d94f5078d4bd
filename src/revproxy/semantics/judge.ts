/** Whether a stored response may be used for a request (RFC 9111 §4). */
import { CacheControl } from "./cache-control.ts";
import { ageOf, lifetime } from "./freshness.ts";
import type { HeaderList } from "./header-list.ts";
import type { ResponseHead } from "./response-head.ts";

/** How long a stale response may replace an origin that can't be reached. */
const UNREACHABLE_STALE_S = 7 * 86_400;

/** Whether the stored response answers the request without revalidation. */
export function isUsable(request: HeaderList, stored: ResponseHead, nowMs: number): boolean {
  const requested = CacheControl.of(request);
  const stated = CacheControl.of(stored.headers);
  const ageS = ageOf(stored, nowMs);
  if (ageS === undefined || requested.has("no-cache") || stated.has("no-cache")) return false;
  const freshFor = lifetime(stored) - ageS;
  if (ageS > (requested.seconds("max-age") ?? Number.POSITIVE_INFINITY)) return false;
  if (freshFor < (requested.seconds("min-fresh") ?? Number.NEGATIVE_INFINITY)) return false;
  if (freshFor > 0) return true;
  return requested.has("max-stale") && !forbidsStale(stated) && -freshFor <= maxStale(request, requested);
}

/**
 * Whether a stale response may replace the answer of an origin that can't be reached (`unreachable`), or that has
 * failed (`error`, RFC 5861 §4).
 */
export function isUsableStale(
  request: HeaderList,
  stored: ResponseHead,
  nowMs: number,
  trouble: "unreachable" | "error",
): boolean {
  const stated = CacheControl.of(stored.headers);
  const requested = CacheControl.of(request);
  const ageS = ageOf(stored, nowMs);
  if (ageS === undefined || forbidsStale(stated) || requested.has("no-cache")) return false;
  const staleFor = ageS - lifetime(stored);
  const allowed = stated.seconds("stale-if-error") ?? requested.seconds("stale-if-error");
  if (allowed !== undefined && staleFor <= allowed) return true;
  return trouble === "unreachable" && staleFor <= UNREACHABLE_STALE_S;
}

/** `max-stale` without a value has no limit. */
function maxStale(request: HeaderList, requested: CacheControl): number {
  const isOpen = request.some(
    ([name, value]) => /^cache-control$/i.test(name) && /(^|[\s,])max-stale\s*(,|$)/i.test(value),
  );
  return isOpen ? Number.POSITIVE_INFINITY : (requested.seconds("max-stale") ?? 0);
}

function forbidsStale(stated: CacheControl): boolean {
  return ["must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"].some((name) => stated.has(name));
}
