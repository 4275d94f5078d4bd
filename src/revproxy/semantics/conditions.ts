/** Conditional requests: of clients to this cache, and of this cache to origins (RFC 9110 §13). */
import { type HeaderList, hasHeader, headerValue, without } from "./header-list.ts";
import { parseHttpDate } from "./http-date.ts";

const CONDITIONS = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"];

/** Whether only the origin can evaluate the conditions: they are for requests that change something. */
export function needsOrigin(request: HeaderList): boolean {
  return hasHeader(request, "if-match") || hasHeader(request, "if-unmodified-since");
}

export function isConditional(request: HeaderList): boolean {
  return CONDITIONS.some((name) => hasHeader(request, name));
}

/** Whether the client has the stored response already, so 304 is the answer. */
export function isNotModified(request: HeaderList, stored: HeaderList): boolean {
  const given = headerValue(request, "if-none-match");
  if (given !== undefined) {
    const etag = headerValue(stored, "etag");
    return given.trim() === "*" || (etag !== undefined && tagsIn(given).includes(opaque(etag)));
  }
  const sinceMs = parseHttpDate(headerValue(request, "if-modified-since"));
  const modifiedMs = parseHttpDate(headerValue(stored, "last-modified") ?? headerValue(stored, "date"));
  return sinceMs !== undefined && modifiedMs !== undefined && modifiedMs <= sinceMs;
}

/** The request with the stored response's validators instead of the client's own conditions. */
export function withValidators(request: HeaderList, stored: HeaderList): HeaderList {
  const etag = headerValue(stored, "etag");
  const modified = headerValue(stored, "last-modified");
  return [
    ...without(request, [...CONDITIONS, "range"]),
    ...(etag === undefined ? [] : [["If-None-Match", etag] as const]),
    ...(modified === undefined ? [] : [["If-Modified-Since", modified] as const]),
  ];
}

/** Whether `If-Range` holds, so the range counts (RFC 9110 §13.1.5): by strong validators only. */
export function mayUseRange(request: HeaderList, stored: HeaderList): boolean {
  const condition = headerValue(request, "if-range")?.trim();
  if (condition === undefined) return true;
  const etag = headerValue(stored, "etag");
  if (condition.startsWith('"')) return etag === condition;
  const conditionMs = parseHttpDate(condition);
  return conditionMs !== undefined && conditionMs === parseHttpDate(headerValue(stored, "last-modified"));
}

/** Opaque tags: without the mark of weak ones. */
function tagsIn(list: string): string[] {
  return (list.match(/(?:W\/)?"[^"]*"|[^\s,"]+/g) ?? []).map(opaque);
}

function opaque(etag: string): string {
  return etag.trim().replace(/^W\//, "");
}
