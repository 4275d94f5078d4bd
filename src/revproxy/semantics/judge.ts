/** Whether a stored response may be used for a request (RFC 9111 §4). */
import { CacheControl } from "./cache-control.ts";
import { ageOf, lifetime } from "./freshness.ts";
import type { HeaderList } from "./header-list.ts";
import type { ResponseHead } from "./response-head.ts";

/** How long after its end a response may stand in for an origin that can't be reached at all. */
const UNREACHABLE_STALE_S = 7 * 86_400;

/** Whether the stored response answers the request without asking the origin. */
export function isUsable(request: HeaderList, stored: ResponseHead, nowMs: number): boolean {
  const asked = CacheControl.of(request);
  const told = CacheControl.of(stored.headers);
  const ageS = ageOf(stored, nowMs);
  if (ageS === undefined || asked.has("no-cache") || told.has("no-cache")) return false;
  const freshFor = lifetime(stored) - ageS;
  if (ageS > (asked.seconds("max-age") ?? Number.POSITIVE_INFINITY)) return false;
  if (freshFor < (asked.seconds("min-fresh") ?? Number.NEGATIVE_INFINITY)) return false;
  if (freshFor > 0) return true;
  return asked.has("max-stale") && !forbidsStale(told) && -freshFor <= maxStale(request, asked);
}

/**
 * Whether it may stand in for the origin, which can't be reached (`unreachable`) or has answered with an error
 * (`error`, RFC 5861 §4).
 */
export function mayStandIn(
  request: HeaderList,
  stored: ResponseHead,
  nowMs: number,
  trouble: "unreachable" | "error",
): boolean {
  const told = CacheControl.of(stored.headers);
  const asked = CacheControl.of(request);
  const ageS = ageOf(stored, nowMs);
  if (ageS === undefined || forbidsStale(told) || asked.has("no-cache")) return false;
  const staleFor = ageS - lifetime(stored);
  const allowed = told.seconds("stale-if-error") ?? asked.seconds("stale-if-error");
  if (allowed !== undefined && staleFor <= allowed) return true;
  return trouble === "unreachable" && staleFor <= UNREACHABLE_STALE_S;
}

/** `max-stale` without a value: however stale. */
function maxStale(request: HeaderList, asked: CacheControl): number {
  const isOpen = request.some(
    ([name, value]) => /^cache-control$/i.test(name) && /(^|[\s,])max-stale\s*(,|$)/i.test(value),
  );
  return isOpen ? Number.POSITIVE_INFINITY : (asked.seconds("max-stale") ?? 0);
}

function forbidsStale(told: CacheControl): boolean {
  return ["must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"].some((name) => told.has(name));
}
