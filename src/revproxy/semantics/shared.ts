/** Whether several clients may have one response: what a request carries may make its answer one client's own. */
import { compareUtf8 } from "../../lib/text/compare-utf8.ts";
import { CacheControl } from "./cache-control.ts";
import { isHarmless } from "./harmless-fields.ts";
import type { HeaderList } from "./header-list.ts";
import { varyNames } from "./vary.ts";

/** Credentials by their definition: `Vary` does not make them harmless (RFC 9111 §3.5). */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/** The names of the request fields that may make its answer one client's own, sorted. */
export function personalNames(request: HeaderList): string[] {
  const names = new Set(request.map(([name]) => name.toLowerCase()));
  return [...names].filter((name) => !isHarmless(name)).sort(compareUtf8);
}

/** Whether the answer to the request may be one client's own. */
export function isPersonal(request: HeaderList): boolean {
  return personalNames(request).length > 0;
}

/**
 * Whether the response to one request may be stored, and given to another that `request` is like. `response`: its
 * fields. Sure where the request is not personal, where the origin chose the response by each personal field and says
 * so, or where it says that the response is for everybody.
 */
export function mayShare(request: HeaderList, response: HeaderList): boolean {
  const personal = personalNames(request);
  if (personal.length === 0) return true;
  const control = CacheControl.of(response);
  if (isForEverybody(control)) return true;
  // RFC 9111 §3.5 says so of Authorization.
  if (control.has("must-revalidate") && personal.every((name) => name === "authorization")) return true;
  const vary = varyNames(response);
  return vary !== "*" && personal.every((name) => vary.includes(name) && !CREDENTIALS.has(name));
}

/** Whether the origin says that what it sends is not one client's own. Many hosts of files do, also with a cookie. */
export function isForEverybody(control: CacheControl): boolean {
  return control.has("public") || control.has("s-maxage");
}
