/** Whether clients may share a response: a request may carry fields that make its answer personal. */
import { compareUtf8 } from "../../lib/text/compare-utf8.ts";
import { CacheControl } from "./cache-control.ts";
import { isHarmless } from "./harmless-fields.ts";
import type { HeaderList } from "./header-list.ts";
import { varyNames } from "./vary.ts";

/** Credentials by definition: `Vary` does not make them harmless (RFC 9111 §3.5). */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/** The names of the request fields that may make the answer personal, sorted. */
export function personalNames(request: HeaderList): string[] {
  const names = new Set(request.map(([name]) => name.toLowerCase()));
  return [...names].filter((name) => !isHarmless(name)).sort(compareUtf8);
}

/** Whether the answer to the request may be personal. */
export function isPersonal(request: HeaderList): boolean {
  return personalNames(request).length > 0;
}

/**
 * Whether the response to a request may be stored, and sent to other clients with an equal request. `response`: its
 * fields. It may if the request is not personal, if `Vary` names each of its personal fields, or if the origin says that
 * the response is for everybody.
 */
export function mayShare(request: HeaderList, response: HeaderList): boolean {
  const personal = personalNames(request);
  if (personal.length === 0) return true;
  const control = CacheControl.of(response);
  if (isForEverybody(control)) return true;
  // For Authorization, `must-revalidate` is enough (RFC 9111 §3.5).
  if (control.has("must-revalidate") && personal.every((name) => name === "authorization")) return true;
  const vary = varyNames(response);
  return vary !== "*" && personal.every((name) => vary.includes(name) && !CREDENTIALS.has(name));
}

/** Whether the origin says that the response is not personal. Many file hosts do, even with a cookie. */
export function isForEverybody(control: CacheControl): boolean {
  return control.has("public") || control.has("s-maxage");
}
