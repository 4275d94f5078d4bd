/**
 * Decisions about a request, the origin's answer to it, and a stored response that the origin confirms
 * (RFC 9111). Pure functions: no clock, no cache, no network.
 */
import { isSameAuthority } from "../authority.ts";
import { parseAbsoluteForm, type Resource } from "../resource.ts";
import { CacheControl } from "../semantics/cache-control.ts";
import { isConditional, needsOrigin, withValidators } from "../semantics/conditions.ts";
import { cookiesOf } from "../semantics/cookies.ts";
import { type HeaderList, hasHeader, headerValue } from "../semantics/header-list.ts";
import { isUsable, isUsableStale } from "../semantics/judge.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import { isPersonal, mayShare } from "../semantics/shared.ts";
import { forbidsStoring, type Retention, retentionOf } from "../semantics/storable.ts";
import { agrees, updatedHead } from "../semantics/update.ts";
import { variantOf, varyNames } from "../semantics/vary.ts";

export interface CacheRequest {
  method: string;
  headers: HeaderList;
  hasContent: boolean;
}

export type Decision =
  /** The stored response answers the request. */
  | { action: "serve" }
  /** The client accepts stored responses only, and there is none for it. */
  | { action: "refuse" }
  /** Neither from the cache nor for it. `outcome`: the value of `X-Cache`. */
  | { action: "forward"; outcome?: string }
  /** Forwarded, but the answer may update the stored response, or prove it outdated. */
  | { action: "check" }
  /**
   * Ask the origin with these fields, with validators where a response is stored. `join`: a request for the same
   * resource that is in flight will do. `lead`: others may join this one, but it joins none. `alone`: neither.
   */
  | { action: "fetch"; headers: HeaderList; collapse: "join" | "lead" | "alone" };

/** Whether a request may be answered from the cache: whether a lookup makes sense. */
export function mayUseCache({ method, headers, hasContent }: CacheRequest): boolean {
  if ((method !== "GET" && method !== "HEAD") || hasContent) return false;
  return !CacheControl.of(headers).has("no-store") && !needsOrigin(headers);
}

/** `stored`: what a lookup found for the request, however old. */
export function decide(request: CacheRequest, stored: ResponseHead | undefined, nowMs: number): Decision {
  if (!mayUseCache(request)) return { action: "forward" };
  const { method, headers } = request;
  const isHit = stored !== undefined && isUsable(headers, stored, nowMs) && mayShare(headers, stored.headers);
  if (isHit) return { action: "serve" };
  const control = CacheControl.of(headers);
  if (control.has("only-if-cached")) return { action: "refuse" };
  if (method === "HEAD") return { action: "check" };
  if (hasHeader(headers, "range")) return { action: "forward", outcome: "fetch, uncached" };
  if (stored !== undefined) {
    const collapse = wantsOrigin(control) ? "lead" : "join";
    return { action: "fetch", headers: withValidators(headers, stored.headers), collapse };
  }
  // The answer to the client's own conditions may be a 304, which is no use to others.
  if (isConditional(headers)) return { action: "fetch", headers, collapse: "alone" };
  return { action: "fetch", headers, collapse: wantsOrigin(control) ? "lead" : "join" };
}

/** Whether the client insists on an answer that the origin gives now. */
function wantsOrigin(control: CacheControl): boolean {
  return control.has("no-cache") || control.seconds("max-age") === 0;
}

/** Whether the answer to another client's request is also one to this request. `names`, `variant`: see `vary.ts`. */
export function mayJoin(
  { headers }: CacheRequest,
  flight: { names: readonly string[]; variant: string; answer: { headers: HeaderList } },
): boolean {
  return variantOf(flight.names, headers) === flight.variant && mayShare(headers, flight.answer.headers);
}

/** Whether a stale response may replace an answer of the origin: there is none, or it is an error. */
export function mayServeStale(
  { headers }: CacheRequest,
  stored: ResponseHead,
  nowMs: number,
  trouble: "unreachable" | "error",
): boolean {
  return mayShare(headers, stored.headers) && isUsableStale(headers, stored, nowMs, trouble);
}

/** How an answer is stored. `names`: the request fields that the origin chose it by. */
export interface Storing {
  action: "store";
  retention: Retention;
  names: string[];
}

export type AnswerDecision =
  /** The stored response is confirmed. */
  | { action: "revalidated" }
  /** The origin has failed; the stored response is better. */
  | { action: "stale" }
  | Storing
  | { action: "pass" };

/**
 * `isDelimited`: the end of the body differs from a broken connection. A larger body than `maxBodyBytes` is not stored.
 */
export function decideAnswer(
  request: CacheRequest,
  stored: ResponseHead | undefined,
  answer: ResponseHead & { isDelimited: boolean },
  { nowMs, maxBodyBytes }: { nowMs: number; maxBodyBytes: number },
): AnswerDecision {
  if (stored !== undefined && answer.status === 304) return { action: "revalidated" };
  if (stored !== undefined && answer.status >= 500 && mayServeStale(request, stored, nowMs, "error"))
    return { action: "stale" };
  const kept = answer.isDelimited ? retentionOf(request.headers, answer, nowMs) : undefined;
  const names = varyNames(answer.headers);
  const isTooLarge = Number(headerValue(answer.headers, "content-length") ?? 0) > maxBodyBytes;
  if (kept === undefined || names === "*" || isTooLarge) return { action: "pass" };
  return { action: "store", retention: kept, names };
}

/** The consequence of the answer to a HEAD for the stored response. */
export function decideCheck(
  { headers }: CacheRequest,
  stored: ResponseHead,
  answer: ResponseHead,
): "update" | "remove" | "nothing" {
  if (answer.status !== 200) return "nothing";
  if (agrees(stored.headers, answer.headers)) return "update";
  // A personal answer says nothing about what others get.
  return isPersonal(headers) ? "nothing" : "remove";
}

/** The update of a stored response that the origin has confirmed. */
export interface Update {
  /** With the fields of the answer. */
  head: ResponseHead;
  /** How it is stored again; `undefined`: the new fields are for this client only. */
  retention: Retention | undefined;
  /** The origin now forbids storing it, whoever asks. */
  isForbidden: boolean;
}

/** The new fields are stored only if a whole answer with them would be. */
export function decideUpdate(
  { headers }: CacheRequest,
  stored: ResponseHead,
  answer: ResponseHead,
  nowMs: number,
): Update {
  const head = updatedHead(stored, answer);
  const withCookies = { ...head, headers: [...head.headers, ...cookiesOf(answer.headers)] };
  return {
    head,
    retention: retentionOf(headers, withCookies, nowMs),
    isForbidden: !isPersonal(headers) && forbidsStoring(head),
  };
}

/** Methods that change nothing at the origin, so stored responses stay valid (RFC 9110 §9.2.1). */
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS", "TRACE"];

/**
 * The resources that a forwarded request invalidates (RFC 9111 §4.4): if it succeeds in changing something, the
 * resource, and the resources of the same origin that the answer names.
 */
export function decideInvalidated(
  { method, resource }: { method: string; resource: Resource },
  answer: { status: number; headers: HeaderList },
): Resource[] {
  if (SAFE_METHODS.includes(method) || answer.status >= 400) return [];
  const fields = ["location", "content-location"];
  const named = fields.map((name) => resolve(resource, headerValue(answer.headers, name)));
  return [resource, ...named.filter((found) => found !== undefined)];
}

/** The resource that a reference in a field names, if it is of the same origin. */
function resolve(base: Resource, reference: string | undefined): Resource | undefined {
  if (reference === undefined) return undefined;
  const { scheme, authority } = base;
  const origin = `${scheme}://${authority.host.includes(":") ? `[${authority.host}]` : authority.host}:${authority.port}`;
  if (!URL.canParse(reference, origin + base.path)) return undefined;
  const found = parseAbsoluteForm(new URL(reference, origin + base.path).href.replace(/#.*$/, ""));
  const isSame = found?.scheme === scheme && isSameAuthority(found.authority, authority);
  return isSame ? found : undefined;
}
